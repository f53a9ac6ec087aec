/**
 * The table of sources: how each one is created from the configuration.
 *
 * To add a source, write its folder in `src/sources/` to the contract of `sources/source.ts`, add its facts to
 * `core/facts.ts`, and add a row here.
 */
import type { SourceFacts } from '../core/facts.ts';
import type { BuildInfo } from '../metrics/exporter-metrics.ts';
import type { Part } from '../metrics/exporter-rows.ts';
import type { ApiServerCallbacks } from '../sources/api-server/health.ts';
import { createFilesSource } from '../sources/files/files.ts';
import type { OpenListener } from '../sources/files/pods/pods-root.ts';
import type { TokenFilesOptions } from '../sources/files/token-files.ts';
import type { ReadsOptions } from '../sources/reads/reads.ts';
import { createSelfSource } from '../sources/self/self.ts';
import type { Source } from '../sources/source.ts';
import { ok, type Result } from '../util/result.ts';
import { type ApiServerOptions, connectApiServer } from './connect-api-server.ts';

/** The sources in use, by the facts that they provide. */
export type Sources = { readonly [K in keyof SourceFacts]?: Source<SourceFacts[K]> | undefined };

export interface SourcesOptions
  extends Omit<ApiServerOptions, 'callbacks'>,
    Pick<TokenFilesOptions, 'isWatching' | 'onRotation' | 'onReadFailure' | 'onWatchFailure'> {
  /** Watches who reads tokens. Default: reads are not watched. */
  readonly reads?: ReadsSetup | undefined;
  /** The facts of this source may have changed. */
  readonly onChange: (facts: keyof SourceFacts) => void;
  /** A source threw: a bug, and no reason to stop. */
  readonly onError: (part: Part) => (error: unknown) => void;
  readonly api: Pick<ApiServerCallbacks, 'onFailure' | 'onRecovery' | 'onDropped'>;
}

/** What the source of reads needs, and the others need from it. */
export interface ReadsSetup {
  readonly opens: OpenListener;
  /** Default: reads are not watched. */
  readonly createSource?: (
    options: Pick<ReadsOptions, 'rootDir' | 'clock' | 'onChange' | 'onError'>,
  ) => Source<SourceFacts['reads']>;
}

/** Returns undefined if the source is not configured. An error is safe to show. */
type Create<F> = (options: SourcesOptions) => Promise<Result<Source<F> | undefined, string>>;

export const SOURCES: { readonly [K in keyof SourceFacts]: Create<SourceFacts[K]> } = {
  observation: async (options) =>
    ok(
      createFilesSource({
        ...options,
        opens: options.reads?.opens,
        rootDir: options.config.rootDir,
        intervalMs: options.config.scanInterval * 1_000,
        onChange: () => options.onChange('observation'),
        onError: options.onError('pass'),
      }),
    ),
  cluster: (options) =>
    connectApiServer({
      ...options,
      callbacks: {
        ...options.api,
        onChange: () => options.onChange('cluster'),
        onError: options.onError('cluster'),
      },
    }),
  self: async ({ config: { selfPodUid, selfTokenFile }, clock }) =>
    ok(
      selfPodUid === undefined
        ? undefined
        : createSelfSource({ podUid: selfPodUid, tokenFile: selfTokenFile, clock }),
    ),
  reads: async ({ reads, config, clock, onChange, onError }) =>
    ok(
      reads?.createSource?.({
        rootDir: config.rootDir,
        clock,
        onChange: () => onChange('reads'),
        onError: onError('reads'),
      }),
    ),
};

export interface CreatedSources {
  readonly sources: Sources;
  /** Why a configured source could not be created; it is left out. */
  readonly problems: readonly string[];
}

export async function createSources(options: SourcesOptions): Promise<CreatedSources> {
  const created = await Promise.all(
    Object.entries(SOURCES).map(async ([facts, create]) => [facts, await create(options)] as const),
  );
  const sources = created.map(([facts, result]) => [facts, result.ok ? result.value : undefined]);
  return {
    sources: Object.fromEntries(sources) as Sources,
    problems: created.flatMap(([, result]) => (result.ok ? [] : [result.error])),
  };
}

export function listSources(sources: Sources): readonly Source<unknown>[] {
  return Object.values(sources).filter((source) => source !== undefined);
}

/** The user agent of all requests to the API server, as in its audit log. */
export function userAgentOf({ version }: Pick<BuildInfo, 'version'>): string {
  return `sa-token-exporter/${version}`;
}

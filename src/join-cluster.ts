/**
 * The way to the API server, where there is one: found in the configuration, wired to who listens.
 *
 * Knows what `--cluster.mode` means, nothing of what is asked.
 */
import type { Config } from './config/options.ts';
import type { Clock } from './sources/cluster/clock.ts';
import type { ClusterSource } from './sources/cluster/cluster.ts';
import type { ConnectionOptions } from './sources/cluster/connection.ts';
import type { Listener } from './sources/cluster/health.ts';
import { readOwnToken } from './sources/own-token.ts';
import { createReadRaw } from './sources/raw-token.ts';

export interface ClusterWiring {
  readonly config: Config;
  /** The environment's, where a pod or a person has a configuration without naming it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly listener: Listener;
  readonly onRequest: ConnectionOptions['onRequest'];
  /** Tokens, and pods, that are asked about in a minute at most. */
  readonly questionsPerMinute: number;
  /** Whether credentials may come from a program; they may where nothing is said. */
  readonly mayStartPrograms?: boolean;
}

export type Joined =
  | { readonly ok: true; readonly cluster: ClusterSource | undefined }
  /** In words that are safe to show. */
  | { readonly ok: false; readonly problem: string };

const OFF: Joined = { ok: true, cluster: undefined };

/** Files of configuration, empty for that of a pod; undefined where there is none, or none is wanted. */
export function kubeconfigOf(
  { clusterMode, kubeconfig }: Pick<Config, 'clusterMode' | 'kubeconfig'>,
  environment: ClusterWiring['environment'],
): string | undefined {
  if (clusterMode === 'off') return undefined;
  const files = kubeconfig || (environment['KUBECONFIG'] ?? '');
  const isThere = files !== '' || environment['KUBERNETES_SERVICE_HOST'] !== undefined;
  return isThere || clusterMode === 'on' ? files : undefined;
}

/** Loaded only here: on a node where the API server is not asked, its client costs no memory. */
export async function joinCluster(wiring: ClusterWiring): Promise<Joined> {
  const { config, environment, node } = wiring;
  const kubeconfig = kubeconfigOf(config, environment);
  if (kubeconfig === undefined) return OFF;
  const [{ connect }, { createCluster }] = await Promise.all([
    import('./sources/cluster/connection.ts'),
    import('./sources/cluster/cluster.ts'),
  ]);
  const connected = await connect({ ...wiring, kubeconfig });
  if (!connected.ok) return connected;
  const { connection } = connected;
  const cluster = createCluster({
    ...wiring,
    connection,
    nodeName: node,
    readRaw: createReadRaw(config.rootDir),
    ownAudiences: () => readOwnToken(config.ownToken)?.audiences,
    tokenReview: config.tokenReview,
  });
  return { ok: true, cluster };
}

/**
 * The way to the API server, where there is one: found in the configuration, wired to who listens.
 *
 * Knows what `--cluster.mode` means, nothing of what is asked.
 */
import { kubeconfigOf } from '../config/kubeconfig-path.ts';
import type { Config } from '../config/options.ts';
import type { ClusterSource } from '../sources/api-server/api-server.ts';
import type { ConnectionOptions } from '../sources/api-server/connection.ts';
import type { Listener } from '../sources/api-server/health.ts';
import { createReadRaw } from '../sources/files/raw-token.ts';
import { readOwnToken } from '../sources/self/exporter-token.ts';
import type { Clock } from '../util/clock.ts';

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

/** Loaded only here: on a node where the API server is not asked, its client costs no memory. */
export async function joinCluster(wiring: ClusterWiring): Promise<Joined> {
  const { config, environment, node } = wiring;
  const kubeconfig = kubeconfigOf(config, environment);
  if (kubeconfig === undefined) return OFF;
  const [{ connect }, { createCluster }] = await Promise.all([
    import('../sources/api-server/connection.ts'),
    import('../sources/api-server/api-server.ts'),
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

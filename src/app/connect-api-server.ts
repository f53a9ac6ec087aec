/**
 * Connects to the API server as the configuration says, if at all.
 */
import { findKubeconfig } from '../config/kubeconfig-path.ts';
import type { Config } from '../config/options.ts';
import { CLUSTER_RESOURCES, type ClusterResource } from '../core/cluster-facts.ts';
import type { LookupScope } from '../core/lookup-targets.ts';
import type { ApiServerSource } from '../sources/api-server/api-server.ts';
import type { ConnectionOptions } from '../sources/api-server/client/connection.ts';
import { CANARY_TOKEN } from '../sources/api-server/client/token-file.ts';
import type { ApiServerCallbacks } from '../sources/api-server/health.ts';
import type { OpenListener } from '../sources/files/pods/pods-root.ts';
import { createReadRaw } from '../sources/files/raw-token.ts';
import { readNewestToken } from '../sources/self/exporter-token.ts';
import type { Clock } from '../util/clock.ts';
import { ok, type Result } from '../util/result.ts';

export interface ApiServerOptions {
  readonly config: Config;
  /** A pod and a user have a kubeconfig by their environment, without naming it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  readonly userAgent: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
  readonly onRequest: ConnectionOptions['onRequest'];
  /** Requests about single tokens, and about single pods, per minute. */
  readonly requestsPerMinute: number;
  /** Whether credentials may come from a program (`exec` in a kubeconfig). Default: true. */
  readonly mayStartPrograms?: boolean;
  /** The listener for opens of token files. Default: none. */
  readonly reads?: { readonly opens: OpenListener } | undefined;
  /** Whether for a single scan. Default: false. */
  readonly isOnce?: boolean;
  /** Restricts requests about single tokens and pods. Default: no restriction. */
  readonly isInScope?: LookupScope['isInScope'];
}

function resourcesOf(config: Config): ReadonlySet<ClusterResource> {
  const isUsed: Readonly<Record<ClusterResource, boolean>> = {
    pods: config.usesPods,
    serviceaccounts: config.usesServiceAccounts,
    keys: config.usesKeys,
    events: config.usesEvents,
    tokenreviews: config.tokenReview !== 'off',
  };
  return new Set(CLUSTER_RESOURCES.filter((resource) => isUsed[resource]));
}

/**
 * Returns undefined if the API server is not to be used. An error is safe to show.
 *
 * The client is imported here, so that it costs no memory on nodes that do without the API server.
 */
export async function connectApiServer(
  options: ApiServerOptions,
): Promise<Result<ApiServerSource | undefined, string>> {
  const { config, environment, node, isInScope } = options;
  const kubeconfig = findKubeconfig(config, environment);
  if (kubeconfig === undefined) return ok(undefined);
  const [{ connect }, { createApiServerSource }] = await Promise.all([
    import('../sources/api-server/client/connection.ts'),
    import('../sources/api-server/api-server.ts'),
  ]);
  const connected = await connect({
    ...options,
    kubeconfig: kubeconfig.files,
    rejectUnauthorized: environment['NODE_TLS_REJECT_UNAUTHORIZED'],
  });
  if (!connected.ok) return connected;
  return ok(
    createApiServerSource({
      ...options,
      connection: connected.value,
      nodeName: node,
      readRaw: createReadRaw(config.rootDir, options.reads?.opens),
      exporterToken: () => readNewestToken([config.selfTokenFile, CANARY_TOKEN]),
      isOnce: options.isOnce ?? false,
      resources: resourcesOf(config),
      lookupScope: { tokenReview: config.tokenReview, isInScope },
    }),
  );
}

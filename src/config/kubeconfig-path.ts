/**
 * The kubeconfig to use, by `--cluster.mode`, `--cluster.kubeconfig` and the environment.
 */
import type { Config } from './options.ts';

export interface Kubeconfig {
  /** Paths, separated by colons as in KUBECONFIG; undefined for the in-cluster configuration. */
  readonly files: string | undefined;
}

/** Returns undefined if the API server is not to be used, or if `auto` finds no configuration. */
export function findKubeconfig(
  { clusterMode, kubeconfig }: Pick<Config, 'clusterMode' | 'kubeconfig'>,
  environment: Readonly<Record<string, string | undefined>>,
): Kubeconfig | undefined {
  if (clusterMode === 'off') return undefined;
  const files = kubeconfig ?? (environment['KUBECONFIG'] || undefined);
  const isFound = files !== undefined || environment['KUBERNETES_SERVICE_HOST'] !== undefined;
  return isFound || clusterMode === 'on' ? { files } : undefined;
}

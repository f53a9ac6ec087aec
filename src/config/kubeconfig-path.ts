/**
 * Which configuration of the API server applies, by `--cluster.mode`, `--cluster.kubeconfig` and the environment.
 */
import type { Config } from './options.ts';

/** Files of configuration, empty for that of a pod; undefined where there is none, or none is wanted. */
export function kubeconfigOf(
  { clusterMode, kubeconfig }: Pick<Config, 'clusterMode' | 'kubeconfig'>,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (clusterMode === 'off') return undefined;
  const files = kubeconfig || (environment['KUBECONFIG'] ?? '');
  const isThere = files !== '' || environment['KUBERNETES_SERVICE_HOST'] !== undefined;
  return isThere || clusterMode === 'on' ? files : undefined;
}

/**
 * Everything that `serve` has to read, with the files that files of its configuration name.
 *
 * Knows where these are found out, nothing of how Node is told.
 */

import { kubeconfigOf } from '../config/kubeconfig-path.ts';
import type { Config } from '../config/options.ts';
import { type Need, needsOf, type Readers } from './needs.ts';

export interface GatherOptions extends Pick<Readers, 'program' | 'realPath'> {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

async function kubeconfigFiles({ config, environment }: GatherOptions): Promise<readonly string[]> {
  const isAsked = config.isKubernetesAuth ? { ...config, clusterMode: 'on' as const } : config;
  const kubeconfig = kubeconfigOf(isAsked, environment) ?? '';
  if (kubeconfig === '') return [];
  const { listKubeconfigFiles } = await import('../sources/api-server/kubeconfig.ts');
  return listKubeconfigFiles(kubeconfig);
}

async function webFiles({ config }: GatherOptions): Promise<readonly string[]> {
  if (config.webConfig === '') return [];
  const { loadWebConfig } = await import('../web/config/loader.ts');
  return (await loadWebConfig(config.webConfig)).files;
}

/** Never rejects: what cannot be read names nothing, and whoever uses it will say so. */
export async function gatherNeeds(options: GatherOptions): Promise<readonly Need[]> {
  const [kubeconfig, web] = await Promise.all([kubeconfigFiles(options), webFiles(options)]);
  return needsOf({ ...options, kubeconfig, webFiles: web });
}

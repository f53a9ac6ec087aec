/**
 * The simulated API server of the node, for exporters that use one.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiServer, createApiServer } from '../simulator/api-server.ts';
import { kubeconfigFor } from '../simulator/kubeconfig.ts';
import type { BenchNode } from './node.ts';

const USER = 'bench';

export interface SimulatedApi {
  readonly api: ApiServer;
  /** With which an exporter finds it, and its node. */
  readonly options: readonly string[];
}

export async function serveApi({ rootDir, world }: BenchNode): Promise<SimulatedApi> {
  const api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
  const kubeconfig = join(rootDir, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
  return { api, options: [`--cluster.kubeconfig=${kubeconfig}`, '--node-name=node-1'] };
}

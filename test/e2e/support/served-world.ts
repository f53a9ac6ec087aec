/**
 * A simulated node and API server with a real exporter, wired as by `serve`, in real time.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, createApiServer } from '../../../simulator/api-server.ts';
import { runExporter } from '../../../simulator/demo/scenarios.ts';
import { kubeconfigFor } from '../../../simulator/kubeconfig.ts';
import { plainFolders } from '../../../simulator/kubelet/mounts.ts';
import type { Pod } from '../../../simulator/objects.ts';
import { createWorld, type World } from '../../../simulator/world.ts';
import { serve } from '../../../src/app/serve.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { createLog } from '../../../src/util/log.ts';
import { configOf } from '../../support/config.ts';
import { BUILD } from '../../support/exposition.ts';
import { assertNoForeignReviews } from '../../support/foreign-reviews.ts';

export interface ServedWorld {
  readonly world: World;
  readonly api: ApiServer;
  /** The pod of the exporter. */
  readonly exporterPod: Pod;
  /** Host and port of the exporter. */
  readonly address: string;
  readonly podNamed: (name: string) => Pod;
  /** Changes the web configuration file. */
  readonly writeWebConfig: (text: string) => void;
  /** Stops the exporter and keeps its port occupied: connections are closed at once. */
  readonly stopExporter: () => Promise<void>;
  readonly startExporter: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ServedWorldOptions {
  /** Starts the pod of the exporter; by default a healthy one. */
  readonly runExporterPod?: (world: World) => Pod;
  /** Additional options of the exporter. */
  readonly args?: readonly string[];
  /** Content of the web configuration file; no file by default. */
  readonly webConfig?: string;
  /** The value of the pod UID option; by default that of the pod. */
  readonly podUid?: string;
}

const USER = 'test';
const NODE = 'node-1';
const TICK_MS = 500;

interface Running {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

async function run(args: readonly string[]): Promise<Running> {
  const stop = new AbortController();
  const listening = Promise.withResolvers<number>();
  const serving = serve({
    config: configOf(args),
    environment: {},
    readsWorker: '',
    node: NODE,
    build: BUILD,
    clock: systemClock,
    // The shortest possible waits.
    random: () => 0,
    log: createLog({
      level: 'error',
      format: 'logfmt',
      write: (line) => assert.fail(line),
      timestamp: String,
    }),
    signal: stop.signal,
    onListening: ({ port }) => listening.resolve(port),
  });
  const port = await Promise.race([listening.promise, serving.then(() => assert.fail('serve ended'))]);
  return {
    port,
    stop: async () => {
      stop.abort();
      await serving;
    },
  };
}

export async function serveWorld({
  runExporterPod,
  podUid,
  webConfig,
  args = [],
}: ServedWorldOptions = {}): Promise<ServedWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-served-'));
  const rootDir = join(folder, 'kubelet');
  const kubeconfig = join(folder, 'kubeconfig');
  mkdirSync(rootDir);
  const world = createWorld({ rootDir, mounts: plainFolders, now: systemClock.now });
  const api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
  writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
  const webConfigFile = join(folder, 'web.yml');
  if (webConfig !== undefined) writeFileSync(webConfigFile, webConfig);
  const exporterPod = runExporterPod?.(world) ?? runExporter(world, 'sa-token-exporter');
  const volume =
    exporterPod.spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
  const options = [
    'serve',
    `--kubelet.root-dir=${rootDir}`,
    `--cluster.kubeconfig=${kubeconfig}`,
    `--self.pod-uid=${podUid ?? exporterPod.metadata.uid}`,
    `--self.token-file=${join(world.kubelet.volumeFolder(exporterPod.metadata.uid, volume), 'token')}`,
    '--scan.interval=1s',
    `--web.config.file=${webConfig === undefined ? '' : webConfigFile}`,
    ...args,
  ];
  let running = await run([...options, '--web.listen-address=127.0.0.1:0']);
  const address = `127.0.0.1:${running.port}`;
  const plug = createServer((socket) => void socket.destroy());
  const ticking = setInterval(world.tick, TICK_MS);
  return {
    world,
    api,
    exporterPod,
    address,
    podNamed: (name) => {
      const found = world.kubelet.pods().find(({ metadata }) => metadata.name === name);
      assert.ok(found, name);
      return found;
    },
    writeWebConfig: (text) => writeFileSync(webConfigFile, text),
    stopExporter: async () => {
      await running.stop();
      plug.listen(running.port, '127.0.0.1');
      await once(plug, 'listening');
    },
    startExporter: async () => {
      plug.close();
      await once(plug, 'close');
      running = await run([...options, `--web.listen-address=${address}`]);
    },
    close: async () => {
      clearInterval(ticking);
      await running.stop();
      await api.close();
      assertNoForeignReviews(api);
      world.kubelet.close();
      rmSync(folder, { recursive: true });
    },
  };
}

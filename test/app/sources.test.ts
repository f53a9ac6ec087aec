/**
 * The contract of a source, kept by every row of the table, over a simulated node and API server.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type ApiServer, createApiServer } from '../../simulator/api-server.ts';
import { runExporter } from '../../simulator/demo/scenarios.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { plainFolders } from '../../simulator/kubelet/mounts.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { createSources, listSources, SOURCES, type Sources } from '../../src/app/sources.ts';
import { createState, type State } from '../../src/app/state.ts';
import { watchReads } from '../../src/app/watch-reads.ts';
import type { SourceFacts } from '../../src/core/facts.ts';
import { createTakeSnapshot } from '../../src/core/snapshot.ts';
import { createExporterMetrics } from '../../src/metrics/exporter-metrics.ts';
import { systemClock } from '../../src/runtime/system-clock.ts';
import type { Source } from '../../src/sources/source.ts';
import { createAlarm } from '../../src/util/clock.ts';
import { createLog } from '../../src/util/log.ts';
import { configOf } from '../support/config.ts';
import { BUILD } from '../support/exposition.ts';
import { policy } from '../support/tokens.ts';

const USER = 'test';
const LONG_MS = 3_600_000;
const nothing = (): void => undefined;
const never = new AbortController().signal;

const WORKER = new URL(import.meta.resolve('../../src/reads-worker.ts')).pathname;
const SOURCE_FOLDERS = new URL('../../src/sources/', import.meta.url);
const ROWS = Object.keys(SOURCES) as readonly (keyof SourceFacts)[];

interface Wired {
  readonly sources: Sources;
  readonly state: State;
  /** The rows whose `onChange` was called, in order. */
  readonly changes: readonly (keyof SourceFacts)[];
  readonly errors: readonly unknown[];
  /** Runs all sources. */
  readonly start: () => void;
  /** Refreshes the state after each change until the condition holds. */
  readonly until: (isSo: () => boolean) => Promise<void>;
  readonly stop: () => Promise<void>;
}

function createRunner(sources: Sources) {
  const controller = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  return {
    start: (): void => {
      running = Promise.all(listSources(sources).map(({ run }) => run(controller.signal)));
    },
    stop: async (): Promise<void> => {
      controller.abort();
      await running;
    },
  };
}

/** `worker`: the file of the thread that watches reads; undefined if they are not watched. */
async function wire(args: readonly string[], worker?: string): Promise<Wired> {
  const changed = createAlarm(systemClock);
  const changes: (keyof SourceFacts)[] = [];
  const errors: unknown[] = [];
  const onError = () => (error: unknown) => errors.push(error);
  const config = configOf(args);
  const metrics = createExporterMetrics({ node: 'node-1', build: BUILD, onError: onError() });
  const log = createLog({ level: 'error', format: 'logfmt', write: nothing, timestamp: String });
  const { sources, problems } = await createSources({
    config,
    reads: worker === undefined ? undefined : watchReads({ config, readsWorker: worker, metrics, log }),
    environment: {},
    node: 'node-1',
    userAgent: 'test',
    clock: systemClock,
    random: () => 0,
    isWatching: true,
    requestsPerMinute: 10,
    onChange: (facts) => {
      changes.push(facts);
      changed.ring();
    },
    api: { onFailure: changed.ring, onRecovery: () => undefined, onDropped: () => undefined },
    onError,
    onRequest: nothing,
    onRotation: nothing,
    onReadFailure: nothing,
    onWatchFailure: nothing,
  });
  assert.deepEqual(problems, []);
  const takeSnapshot = createTakeSnapshot(policy());
  const state = createState({ sources, takeSnapshot, now: systemClock.now, isContinuous: true });
  const until = async (isSo: () => boolean): Promise<void> => {
    for (state.refresh(); !isSo(); state.refresh()) await changed.wait(LONG_MS, never);
  };
  return { sources, state, changes, errors, until, ...createRunner(sources) };
}

function hasRun(sources: Sources): () => boolean {
  return () => listSources(sources).every(({ lastRun }) => lastRun() !== undefined);
}

describe('the table of sources', () => {
  let folder: string;
  let world: World;
  let api: ApiServer;
  let args: readonly string[];
  const started: Wired[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-sources-'));
    const rootDir = join(folder, 'kubelet');
    const kubeconfig = join(folder, 'kubeconfig');
    mkdirSync(rootDir);
    world = createWorld({ rootDir, mounts: plainFolders, now: systemClock.now });
    api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
    writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
    const { metadata, spec } = runExporter(world, 'sa-token-exporter');
    const volume = spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
    args = [
      `--cluster.kubeconfig=${kubeconfig}`,
      '--scan.interval=1h',
      `--self.pod-uid=${metadata.uid}`,
      `--kubelet.root-dir=${rootDir}`,
      `--self.token-file=${join(world.kubelet.volumeFolder(metadata.uid, volume), 'token')}`,
    ];
  });
  afterEach(async () => {
    for (const { stop, errors } of started.splice(0)) {
      await stop();
      assert.deepEqual(errors, []);
    }
    await api.close();
    world.kubelet.close();
    rmSync(folder, { recursive: true });
  });

  const create = async (facts: keyof SourceFacts): Promise<Wired & { readonly source: Source<unknown> }> => {
    const wired = await wire(args, WORKER);
    const source = wired.sources[facts];
    assert.ok(source);
    return { ...wired, source };
  };
  const start = async (facts: keyof SourceFacts): Promise<Wired & { readonly source: Source<unknown> }> => {
    const wired = await create(facts);
    started.push(wired);
    wired.start();
    await wired.until(hasRun(wired.sources));
    return wired;
  };

  it('creates a source for each folder if all are configured', async () => {
    const { sources } = await wire(args, WORKER);
    const folders = readdirSync(SOURCE_FOLDERS, { withFileTypes: true }).filter((one) => one.isDirectory());
    assert.deepEqual(
      listSources(sources)
        .map(({ name }) => name)
        .toSorted(),
      folders.map(({ name }) => name).toSorted(),
    );
  });

  it('leaves out sources that are not configured', async () => {
    const { sources } = await wire(['--cluster.mode=off', '--self.pod-uid=']);
    assert.ok(sources.observation);
    assert.deepEqual([sources.cluster, sources.self, sources.reads], [undefined, undefined, undefined]);
  });

  it('scans no files after a change at the API server', async () => {
    // Without pods, which would be looked at several times while they are new.
    const rootDir = join(folder, 'empty');
    mkdirSync(join(rootDir, 'pods'), { recursive: true });
    args = [...args.slice(0, 3), `--kubelet.root-dir=${rootDir}`];
    const { until, state, changes } = await start('cluster');
    const accounts = (): number => state.snapshot().cluster.accounts?.size ?? 0;
    await until(() => accounts() > 0);
    const [before, seen] = [accounts(), changes.length];
    world.cluster.createServiceAccount('default', 'another');
    await until(() => accounts() > before);
    assert.deepEqual([...new Set(changes.slice(seen))], ['cluster']);
  });

  for (const row of ROWS) {
    describe(`has a row ${row}, whose source`, () => {
      it('is named after its folder', async () => {
        const { source } = await create(row);
        assert.ok(existsSync(new URL(`${source.name}/`, SOURCE_FOLDERS)), source.name);
      });

      it('has no last run before it is started', async () => {
        const { source } = await create(row);
        assert.equal(source.lastRun(), undefined);
      });

      it('returns the same facts while nothing changes', async () => {
        const { source, state } = await start(row);
        const before = source.facts();
        assert.equal(typeof before, 'object');
        state.refresh();
        assert.equal(source.facts(), before);
      });

      it('reports a successful run and its duration', async () => {
        const { source, until } = await start(row);
        await until(() => source.lastRun()?.isSuccess === true);
        assert.ok(Number(source.lastRun()?.seconds) >= 0);
      });

      // The thread that watches reads needs no files: reads.test.ts has its failures.
      if (row !== 'reads')
        it('reports a failed run if it has nothing to read, and does not reject', async () => {
          const nowhere = join(folder, 'nowhere');
          args = [...args.slice(0, 3), `--kubelet.root-dir=${nowhere}`, `--self.token-file=${nowhere}`];
          await api.close();
          const { source } = await start(row);
          assert.equal(source.lastRun()?.isSuccess, false);
        });

      it('stops when the signal aborts', async () => {
        const { stop } = await start(row);
        await stop();
      });

      it('stops at once if the signal has aborted before the start', async () => {
        const { source } = await create(row);
        await source.run(AbortSignal.abort());
      });

      it('can be closed without a run, and more than once', async () => {
        const { source } = await create(row);
        source.close();
        source.close();
      });

      it('can be closed after its run, and more than once', async () => {
        const { source, stop } = await start(row);
        await stop();
        source.close();
        source.close();
      });
    });
  }
});

/**
 * The demo over a day: with its clock set forward, `scan` finds the same at any time.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type ApiServer, createApiServer } from '../../../simulator/api-server.ts';
import { DEMO_PODS, startDemoPods } from '../../../simulator/demo/pods.ts';
import { kubeconfigFor } from '../../../simulator/kubeconfig.ts';
import { plainFolders } from '../../../simulator/kubelet/mounts.ts';
import { createWorld, type World } from '../../../simulator/world.ts';
import { scanOnce } from '../../../src/app/scan-once.ts';
import { OVERDUE_CAUSES } from '../../../src/core/causes/overdue-cause.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { configOf } from '../../support/config.ts';
import { BUILD } from '../../support/exposition.ts';

const START = 1_795_000_000;
/** Volumes are mounted at the time of the kernel's clock, not of the demo's. */
const BY_KERNEL = 'container_view_stale';
const MINUTE = 60;
const HOUR = 3_600;
const USER = 'test';

/** Time after the start of the demo. */
const TIMES: readonly (readonly [title: string, seconds: number])[] = [
  ['at its start', 0],
  ['after 11 minutes', 11 * MINUTE],
  ['after 2 hours, when every event of its start is gone', 2 * HOUR],
  ['after 23 hours', 23 * HOUR],
];

/** The reasons of each service account of the demo, which has the name of its pod. */
function reasonsOf({ assessments, missingTokens }: Snapshot): ReadonlyMap<string, readonly string[]> {
  const found = [
    ...assessments.flatMap(({ token, failures }) =>
      failures.map(({ check }) => [token.identity.serviceAccount, check.reason] as const),
    ),
    ...missingTokens.map(({ identity, check }) => [identity.serviceAccount, check.reason] as const),
  ];
  return new Map(
    DEMO_PODS.map(({ name }) => [
      name,
      found
        .filter(([account]) => account === name)
        .map(([, reason]) => reason)
        .sort(),
    ]),
  );
}

describe('the demo over a day', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-day-'));
  const rootDir = join(folder, 'kubelet');
  const kubeconfig = join(folder, 'kubeconfig');
  let now = START;
  let world: World;
  let api: ApiServer;

  before(async () => {
    mkdirSync(rootDir);
    world = createWorld({ rootDir, mounts: plainFolders, now: () => now });
    api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
    writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
    startDemoPods(world);
  });
  after(async () => {
    await api.close();
    world.kubelet.close();
    rmSync(folder, { recursive: true });
  });

  const scanAt = async (time: number): Promise<Snapshot> => {
    now = time;
    world.tick();
    const scanned = await scanOnce({
      config: configOf(['scan', `--kubelet.root-dir=${rootDir}`, `--cluster.kubeconfig=${kubeconfig}`]),
      environment: {},
      node: 'node-1',
      build: BUILD,
      // Waits for every answer, however busy the machine is.
      clock: { now: () => now, monotonicMs: () => 0, sleep: systemClock.sleep },
      random: () => 0,
    });
    assert.ok(scanned.ok);
    return scanned.value.snapshot;
  };

  for (const [title, seconds] of TIMES) {
    describe(title, () => {
      let snapshot: Snapshot;
      before(async () => {
        snapshot = await scanAt(START + seconds);
      });

      it('reports the problems of every pod and no others', () => {
        const expected = new Map(
          DEMO_PODS.map(({ name, reasons }) => [name, reasons.filter((one) => one !== BY_KERNEL).sort()]),
        );
        assert.deepEqual(reasonsOf(snapshot), expected);
      });

      it('finds every cause', () => {
        const expected = OVERDUE_CAUSES.map(
          (cause) => [cause, DEMO_PODS.filter((pod) => pod.cause === cause).length] as const,
        );
        assert.deepEqual(snapshot.byCause, new Map(expected));
      });

      it('cannot read what it could not read at its start', () => {
        const unreadable = DEMO_PODS.filter(
          ({ lookFor, isReadableByRoot = false }) =>
            lookFor.startsWith('satoken_unreadable') && !(isReadableByRoot && process.getuid?.() === 0),
        );
        assert.equal(snapshot.observation.unreadable.length, unreadable.length);
      });
    });
  }
});

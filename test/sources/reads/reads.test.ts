/**
 * The source of reads, with its thread: its facts, and what becomes of it if the thread cannot work.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, it } from 'mocha';
import type { ReadFacts } from '../../../src/core/reads/read-facts.ts';
import { createOwnOpens } from '../../../src/sources/reads/own-opens.ts';
import { createReadsSource, type ReadsOptions } from '../../../src/sources/reads/reads.ts';
import type { Source } from '../../../src/sources/source.ts';
import { createAlarm } from '../../../src/util/clock.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { snapshot } from '../../support/snapshots.ts';
import { NOW, POD_UID, token } from '../../support/tokens.ts';
import { describeWith } from '../../support/tools.ts';
import { createNode, type TestNode, type TestVolume } from '../files/support/test-node.ts';

const WORKER = new URL(import.meta.resolve('../../../src/reads-worker.ts')).pathname;
const TOKEN = token({ identity: { podUid: POD_UID, volume: 'vault-token', path: 'token' } });

describeWith(['foreign functions'], 'the source of reads', () => {
  let node: TestNode;
  let volume: TestVolume;
  let clock: FakeClock;
  let source: Source<ReadFacts | undefined>;
  let running: Promise<void> | undefined;
  let stop: AbortController;
  let blindTimes: number[];
  let errors: unknown[];
  const called = createAlarm({ monotonicMs: () => 0, sleep: (_, signal) => aborted(signal) });

  function aborted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve());
    });
  }

  async function nextTurns(): Promise<void> {
    for (let turn = 0; turn < 100; turn += 1) await setImmediate();
  }

  /** Resolves once the condition holds. It is checked after each call of the source. */
  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await called.wait(0, new AbortController().signal);
  }

  function start(worker: string, overrides: Partial<ReadsOptions> = {}): void {
    source = createReadsSource({
      rootDir: node.rootDir,
      worker,
      opens: createOwnOpens(node.rootDir),
      clock: { ...clock, now: () => NOW },
      onChange: called.ring,
      onLoss: called.ring,
      onBlindTime: (seconds) => {
        blindTimes.push(seconds);
        called.ring();
      },
      onError: (error) => {
        errors.push(error);
        called.ring();
      },
      ...overrides,
    });
    running = source.run(stop.signal);
    source.onSnapshot?.(snapshot({ tokens: [TOKEN] }));
  }

  beforeEach(() => {
    node = createNode();
    volume = node.volume();
    volume.write({ token: 'first' });
    clock = createFakeClock();
    stop = new AbortController();
    [blindTimes, errors] = [[], []];
  });
  afterEach(async () => {
    stop.abort();
    await running;
    source.close();
    node.remove();
  });

  it('is up with the first report of its thread, and measures the blind time of each rotation', async () => {
    start(WORKER);
    assert.equal(source.lastRun(), undefined);
    await until(() => source.lastRun() !== undefined);
    assert.equal(source.lastRun()?.isSuccess, true);
    assert.equal(source.facts()?.unwatched, 0);
    while (blindTimes.length === 0) {
      volume.write({ token: `${performance.now()}` });
      await Promise.race([until(() => blindTimes.length > 0), nextTurns()]);
    }
    assert.ok(blindTimes.every((seconds) => seconds >= 0));
    assert.deepEqual(errors, []);
  });

  it('ends with its thread when the signal aborts', async () => {
    start(WORKER);
    await until(() => source.lastRun() !== undefined);
    stop.abort();
    await running;
  });

  it('is down and has no facts without a thread, and starts another one after a minute', async () => {
    const worker = join(node.rootDir, 'worker.mjs');
    writeFileSync(worker, 'throw new Error("denied")');
    start(worker);
    await until(() => source.lastRun() !== undefined);
    assert.deepEqual([source.lastRun()?.isSuccess, errors.length], [false, 1]);
    assert.equal(source.facts()?.tokens.size, 0);
    assert.equal(clock.sleepers(), 1);
    await clock.advance(60_000);
    await until(() => errors.length === 2);
    rmSync(worker);
  });
});

/**
 * The loop of scans and refreshes, on a clock that the test advances.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import {
  createReconciler,
  type ReconcilerOptions,
  type Target,
} from '../../../src/sources/files/reconciler.ts';
import { createFakeClock, type FakeClock, settle } from '../../support/fake-clock.ts';

const INTERVAL_MS = 30_000;

interface Running {
  readonly clock: FakeClock;
  /** The passes and when they started: `scan 0`, `refresh 125`. */
  readonly done: readonly string[];
  /** The errors since the last call. */
  readonly takeErrors: () => readonly unknown[];
  readonly passes: () => number;
  readonly nudge: () => void;
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

interface RunOptions extends Pick<ReconcilerOptions, 'onPass'> {
  readonly clock: FakeClock;
}

const running = new Set<Running>();

/** Runs the loop over a target that records its calls. */
async function run(
  overrides: Partial<Target> = {},
  { clock = createFakeClock(), ...options }: Partial<RunOptions> = {},
): Promise<Running> {
  const done: string[] = [];
  const errors: unknown[] = [];
  let passes = 0;
  const controller = new AbortController();
  const target: Target = {
    scan: async () => {
      done.push(`scan ${clock.monotonicMs()}`);
      await overrides.scan?.();
    },
    refresh: async () => {
      done.push(`refresh ${clock.monotonicMs()}`);
      await overrides.refresh?.();
    },
    isPending: () => overrides.isPending?.() ?? false,
  };
  const reconciler = createReconciler({
    target,
    clock,
    intervalMs: INTERVAL_MS,
    onPass: () => {
      passes += 1;
    },
    onError: (error) => errors.push(error),
    ...options,
  });
  const started: Running = {
    clock,
    done,
    takeErrors: () => errors.splice(0),
    passes: () => passes,
    nudge: reconciler.nudge,
    stop: () => controller.abort(),
    ended: reconciler.run(controller.signal),
  };
  running.add(started);
  await settle();
  return started;
}

/** Runs the loop over a target whose scans take `scanMs`. */
function runSlowly(scanMs: number): Promise<Running> {
  const clock = createFakeClock();
  return run({ scan: () => clock.sleep(scanMs, new AbortController().signal) }, { clock });
}

function stopLoopsAfterEach(): void {
  afterEach(async () => {
    const all = [...running];
    running.clear();
    for (const { stop, ended, clock, takeErrors } of all) {
      stop();
      await clock.advance(2 * INTERVAL_MS);
      await ended;
      assert.equal(clock.sleepers(), 0);
      assert.deepEqual(takeErrors(), []);
    }
  });
}

describe('the reconciler', () => {
  stopLoopsAfterEach();
  it('scans at once, and then at every interval', async () => {
    const { clock, done, passes } = await run();
    await clock.advance(2 * INTERVAL_MS);
    assert.deepEqual(done, ['scan 0', 'scan 30000', 'scan 60000']);
    assert.equal(passes(), 3);
  });

  it('counts the interval from the start of a scan, even if the scan takes long', async () => {
    const { clock, done } = await runSlowly(20_000);
    await clock.advance(INTERVAL_MS + 20_000);
    assert.deepEqual(done, ['scan 0', 'scan 30000']);
  });

  it('scans again at once if a scan took longer than the interval', async () => {
    const { clock, done } = await runSlowly(40_000);
    await clock.advance(80_000);
    assert.deepEqual(done, ['scan 0', 'scan 40000', 'scan 80000']);
  });
});

describe('a nudge', () => {
  stopLoopsAfterEach();
  it('is followed by a refresh after the time for coalescing', async () => {
    const { clock, done, nudge } = await run();
    await clock.advance(1_000);
    nudge();
    await clock.advance(24);
    assert.deepEqual(done, ['scan 0']);
    await clock.advance(1);
    assert.deepEqual(done, ['scan 0', 'refresh 1025']);
  });

  it('is coalesced with further nudges into one refresh', async () => {
    const { clock, done, nudge } = await run();
    for (const _ of Array(20)) {
      nudge();
      await clock.advance(1);
    }
    await clock.advance(1_000);
    assert.deepEqual(done, ['scan 0', 'refresh 25']);
  });

  it('does not delay the next scan', async () => {
    const { clock, done, nudge } = await run();
    await clock.advance(29_990);
    nudge();
    await clock.advance(25);
    assert.deepEqual(done, ['scan 0', 'scan 30015']);
  });

  it('during a refresh is followed by another refresh', async () => {
    let isFirst = true;
    const { clock, done, nudge } = await run({
      refresh: async () => {
        if (isFirst) nudge();
        isFirst = false;
      },
    });
    nudge();
    await clock.advance(1_000);
    assert.deepEqual(done, ['scan 0', 'refresh 25', 'refresh 50']);
  });

  it('during a scan is followed by a refresh', async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, done, nudge } = await run({ scan: () => gate.promise });
    nudge();
    await clock.advance(100);
    assert.deepEqual(done, ['scan 0']);
    gate.resolve();
    await clock.advance(1_000);
    assert.deepEqual(done, ['scan 0', 'refresh 200']);
  });

  for (const { passMs, waitMs } of [
    { passMs: 0, waitMs: 25 },
    { passMs: 8, waitMs: 25 },
    { passMs: 9, waitMs: 27 },
    { passMs: 33, waitMs: 99 },
    { passMs: 5_000, waitMs: 100 },
  ])
    it(`is followed by a refresh after ${waitMs} ms if the previous pass took ${passMs} ms`, async () => {
      const { clock, done, nudge } = await runSlowly(passMs);
      await clock.advance(10_000);
      nudge();
      await clock.advance(waitMs - 1);
      assert.deepEqual(done, ['scan 0']);
      await clock.advance(1);
      assert.deepEqual(done, ['scan 0', `refresh ${10_000 + waitMs}`]);
    });

  it('waits no longer after passes that are fast again', async () => {
    const { clock, done, nudge } = await runSlowly(100);
    for (const _ of Array(2)) {
      await clock.advance(1_000);
      nudge();
    }
    await clock.advance(1_000);
    assert.deepEqual(done, ['scan 0', 'refresh 1100', 'refresh 2025']);
  });

  it('before the loop runs causes no refresh', async () => {
    const clock = createFakeClock();
    const reconciler = createReconciler({
      target: { scan: async () => undefined, refresh: assert.fail, isPending: () => false },
      clock,
      intervalMs: INTERVAL_MS,
      onPass: () => undefined,
      onError: () => assert.fail('unexpected error'),
    });
    reconciler.nudge();
    const stop = new AbortController();
    const ended = reconciler.run(stop.signal);
    await clock.advance(1_000);
    stop.abort();
    await ended;
  });
});

describe('a flood of nudges', () => {
  stopLoopsAfterEach();
  it('delays neither scans nor the event loop', async () => {
    let flood = (): void => undefined;
    const { clock, done, nudge } = await run({ refresh: async () => flood(), scan: async () => flood() });
    flood = nudge;
    nudge();
    await clock.advance(2 * INTERVAL_MS);
    const scans = done.filter((pass) => pass.startsWith('scan'));
    assert.deepEqual(scans, ['scan 0', 'scan 30000', 'scan 60000']);
    const times = done.map((pass) => Number(pass.split(' ')[1]));
    for (const [index, time] of times.slice(1).entries()) assert.equal(time - (times[index] ?? 0), 25);
  });
});

describe('a pending target', () => {
  stopLoopsAfterEach();
  it('is refreshed soon, and then less and less often', async () => {
    const { clock, done } = await run({ isPending: () => true });
    await clock.advance(4_000);
    assert.deepEqual(done, [
      'scan 0',
      'refresh 100',
      'refresh 300',
      'refresh 700',
      'refresh 1500',
      'refresh 3100',
    ]);
  });

  it('does not delay the next scan', async () => {
    const { clock, done } = await run({ isPending: () => true });
    await clock.advance(INTERVAL_MS);
    assert.equal(done.at(-1), 'scan 30000');
  });

  it('is refreshed soon again after a nudge', async () => {
    const { clock, done, nudge } = await run({ isPending: () => true });
    await clock.advance(4_000);
    nudge();
    await clock.advance(425);
    assert.deepEqual(done.slice(-3), ['refresh 4025', 'refresh 4125', 'refresh 4325']);
  });

  it('is not refreshed once it is no longer pending, and soon again if it is pending again', async () => {
    let isPending = true;
    const { clock, done, nudge } = await run({ isPending: () => isPending });
    await clock.advance(700);
    isPending = false;
    await clock.advance(10_000);
    assert.deepEqual(done, ['scan 0', 'refresh 100', 'refresh 300', 'refresh 700', 'refresh 1500']);
    isPending = true;
    nudge();
    await clock.advance(125);
    assert.deepEqual(done.slice(-2), ['refresh 10725', 'refresh 10825']);
  });
});

describe('a pass that throws', () => {
  stopLoopsAfterEach();
  const bug = new Error('a bug');
  const fail = (): never => {
    throw bug;
  };

  const cases = [
    { it: 'in a scan', target: { scan: async () => fail() }, passes: 0 },
    { it: 'in onPass', target: {}, options: { onPass: fail }, passes: 0 },
    { it: 'in isPending', target: { isPending: fail }, passes: 2 },
  ];
  for (const { it: title, target, options = {}, passes: expected } of cases) {
    it(`${title} is reported, and the loop continues`, async () => {
      const { clock, done, takeErrors, passes } = await run(target, options);
      await clock.advance(INTERVAL_MS);
      assert.deepEqual(done, ['scan 0', 'scan 30000']);
      assert.deepEqual(takeErrors(), [bug, bug]);
      assert.equal(passes(), expected);
    });
  }

  it('in a refresh is reported, and the loop continues', async () => {
    const { clock, done, takeErrors, nudge } = await run({ refresh: fail });
    nudge();
    await clock.advance(1_000);
    nudge();
    await clock.advance(1_000);
    assert.deepEqual(done, ['scan 0', 'refresh 25', 'refresh 1025']);
    assert.deepEqual(takeErrors(), [bug, bug]);
  });
});

describe('the end of the loop', () => {
  stopLoopsAfterEach();
  it('comes at once while the loop waits', async () => {
    const { clock, done, stop, ended } = await run();
    await clock.advance(1_000);
    stop();
    await ended;
    assert.deepEqual(done, ['scan 0']);
  });

  it('comes at once after a nudge', async () => {
    const { done, nudge, stop, ended } = await run();
    nudge();
    await settle();
    stop();
    await ended;
    assert.deepEqual(done, ['scan 0']);
  });

  it('comes when the current pass has ended', async () => {
    const gate = Promise.withResolvers<void>();
    const { done, stop, ended, passes } = await run({ scan: () => gate.promise });
    stop();
    gate.resolve();
    await ended;
    assert.deepEqual(done, ['scan 0']);
    assert.equal(passes(), 1);
  });

  it('comes before any scan if the signal was aborted before the start', async () => {
    const reconciler = createReconciler({
      target: { scan: assert.fail, refresh: assert.fail, isPending: assert.fail },
      clock: createFakeClock(),
      intervalMs: INTERVAL_MS,
      onPass: assert.fail,
      onError: () => assert.fail('unexpected error'),
    });
    await assert.doesNotReject(reconciler.run(AbortSignal.abort()));
  });
});

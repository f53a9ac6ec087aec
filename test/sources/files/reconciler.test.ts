/**
 * The loop that keeps the facts fresh, on a clock that goes only when told to.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import {
  createReconciler,
  type ReconcilerOptions,
  type Source,
} from '../../../src/sources/files/reconciler.ts';
import { createFakeClock, type FakeClock, settle } from '../../support/fake-clock.ts';

const INTERVAL_MS = 30_000;

interface Running {
  readonly clock: FakeClock;
  /** What was done, and when: `scan 0`, `look 125`. */
  readonly done: readonly string[];
  /** What was thrown since last asked. */
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

/** Runs the loop over a source that notes what is asked of it. */
async function run(
  overrides: Partial<Source> = {},
  { clock = createFakeClock(), ...options }: Partial<RunOptions> = {},
): Promise<Running> {
  const done: string[] = [];
  const errors: unknown[] = [];
  let passes = 0;
  const controller = new AbortController();
  const source: Source = {
    scan: async () => {
      done.push(`scan ${clock.monotonicMs()}`);
      await overrides.scan?.();
    },
    look: () => {
      done.push(`look ${clock.monotonicMs()}`);
      overrides.look?.();
    },
    isPending: () => overrides.isPending?.() ?? false,
  };
  const reconciler = createReconciler({
    source,
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

/** Runs the loop over a source that takes so long for a scan. */
function runSlowly(scanMs: number): Promise<Running> {
  const clock = createFakeClock();
  return run({ scan: () => clock.sleep(scanMs, new AbortController().signal) }, { clock });
}

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

describe('the loop', () => {
  it('scans at once, and then at the interval', async () => {
    const { clock, done, passes } = await run();
    await clock.advance(2 * INTERVAL_MS);
    assert.deepEqual(done, ['scan 0', 'scan 30000', 'scan 60000']);
    assert.equal(passes(), 3);
  });

  it('counts the interval from the start of a scan, however long it takes', async () => {
    const { clock, done } = await runSlowly(20_000);
    await clock.advance(INTERVAL_MS + 20_000);
    assert.deepEqual(done, ['scan 0', 'scan 30000']);
  });

  it('scans again at once where a scan took longer than the interval', async () => {
    const { clock, done } = await runSlowly(40_000);
    await clock.advance(80_000);
    assert.deepEqual(done, ['scan 0', 'scan 40000', 'scan 80000']);
  });
});

describe('a nudge', () => {
  it('is followed by a look, once the rest of its kind has had time to come', async () => {
    const { clock, done, nudge } = await run();
    await clock.advance(1_000);
    nudge();
    await clock.advance(24);
    assert.deepEqual(done, ['scan 0']);
    await clock.advance(1);
    assert.deepEqual(done, ['scan 0', 'look 1025']);
  });

  it('is one look with those that come soon after', async () => {
    const { clock, done, nudge } = await run();
    for (const _ of Array(20)) {
      nudge();
      await clock.advance(1);
    }
    await clock.advance(1_000);
    assert.deepEqual(done, ['scan 0', 'look 25']);
  });

  it('does not put off the next scan', async () => {
    const { clock, done, nudge } = await run();
    await clock.advance(29_990);
    nudge();
    await clock.advance(25);
    assert.deepEqual(done, ['scan 0', 'scan 30015']);
  });

  it('during a look is followed by another', async () => {
    let isFirst = true;
    const { clock, done, nudge } = await run({
      look: () => {
        if (isFirst) nudge();
        isFirst = false;
      },
    });
    nudge();
    await clock.advance(1_000);
    assert.deepEqual(done, ['scan 0', 'look 25', 'look 50']);
  });

  it('during a scan is followed by a look', async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, done, nudge } = await run({ scan: () => gate.promise });
    nudge();
    await clock.advance(100);
    assert.deepEqual(done, ['scan 0']);
    gate.resolve();
    await clock.advance(25);
    assert.deepEqual(done, ['scan 0', 'look 125']);
  });

  it('before the loop runs costs nothing', async () => {
    const clock = createFakeClock();
    const reconciler = createReconciler({
      source: { scan: async () => undefined, look: assert.fail, isPending: () => false },
      clock,
      intervalMs: INTERVAL_MS,
      onPass: () => undefined,
      onError: () => assert.fail('nothing was to fail'),
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
  it('keeps neither scans nor others from their turn', async () => {
    let flood = (): void => undefined;
    const { clock, done, nudge } = await run({ look: () => flood(), scan: async () => flood() });
    flood = nudge;
    nudge();
    await clock.advance(2 * INTERVAL_MS);
    const scans = done.filter((pass) => pass.startsWith('scan'));
    assert.deepEqual(scans, ['scan 0', 'scan 30000', 'scan 60000']);
    const times = done.map((pass) => Number(pass.split(' ')[1]));
    for (const [index, time] of times.slice(1).entries()) assert.equal(time - (times[index] ?? 0), 25);
  });
});

describe('what is still coming up', () => {
  it('is looked at soon, and less and less often', async () => {
    const { clock, done } = await run({ isPending: () => true });
    await clock.advance(4_000);
    assert.deepEqual(done, ['scan 0', 'look 100', 'look 300', 'look 700', 'look 1500', 'look 3100']);
  });

  it('does not put off the next scan', async () => {
    const { clock, done } = await run({ isPending: () => true });
    await clock.advance(INTERVAL_MS);
    assert.equal(done.at(-1), 'scan 30000');
  });

  it('is looked at soon again after a nudge', async () => {
    const { clock, done, nudge } = await run({ isPending: () => true });
    await clock.advance(4_000);
    nudge();
    await clock.advance(425);
    assert.deepEqual(done.slice(-3), ['look 4025', 'look 4125', 'look 4325']);
  });

  it('is looked at no more once it is up, and soon again if more is coming', async () => {
    let isPending = true;
    const { clock, done, nudge } = await run({ isPending: () => isPending });
    await clock.advance(700);
    isPending = false;
    await clock.advance(10_000);
    assert.deepEqual(done, ['scan 0', 'look 100', 'look 300', 'look 700', 'look 1500']);
    isPending = true;
    nudge();
    await clock.advance(125);
    assert.deepEqual(done.slice(-2), ['look 10725', 'look 10825']);
  });
});

describe('a pass that throws', () => {
  const bug = new Error('a bug');
  const fail = (): never => {
    throw bug;
  };

  const cases = [
    { it: 'in a scan', source: { scan: async () => fail() }, passes: 0 },
    { it: 'where it is told of', source: {}, options: { onPass: fail }, passes: 0 },
    { it: 'when asked what is coming up', source: { isPending: fail }, passes: 2 },
  ];
  for (const { it: title, source, options = {}, passes: expected } of cases) {
    it(`${title} is told, and the next is made`, async () => {
      const { clock, done, takeErrors, passes } = await run(source, options);
      await clock.advance(INTERVAL_MS);
      assert.deepEqual(done, ['scan 0', 'scan 30000']);
      assert.deepEqual(takeErrors(), [bug, bug]);
      assert.equal(passes(), expected);
    });
  }

  it('in a look is told, and the next is made', async () => {
    const { clock, done, takeErrors, nudge } = await run({ look: fail });
    nudge();
    await clock.advance(1_000);
    nudge();
    await clock.advance(1_000);
    assert.deepEqual(done, ['scan 0', 'look 25', 'look 1025']);
    assert.deepEqual(takeErrors(), [bug, bug]);
  });
});

describe('the end', () => {
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

  it('comes with the end of the pass under way', async () => {
    const gate = Promise.withResolvers<void>();
    const { done, stop, ended, passes } = await run({ scan: () => gate.promise });
    stop();
    gate.resolve();
    await ended;
    assert.deepEqual(done, ['scan 0']);
    assert.equal(passes(), 1);
  });

  it('comes before the first pass where it came before the start', async () => {
    const reconciler = createReconciler({
      source: { scan: assert.fail, look: assert.fail, isPending: assert.fail },
      clock: createFakeClock(),
      intervalMs: INTERVAL_MS,
      onPass: assert.fail,
      onError: () => assert.fail('nothing was to fail'),
    });
    await assert.doesNotReject(reconciler.run(AbortSignal.abort()));
  });
});

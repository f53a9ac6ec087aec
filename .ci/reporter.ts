/**
 * A reporter of mocha for `.ci/tests`: prints each failure at once.
 *
 * Keeps a record in a file, for `.ci/tally.ts`, so that it is known what was running if mocha is killed.
 */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import Mocha from 'mocha';

/** What took longest: names and milliseconds. */
export type Times = readonly (readonly [string, number])[];

export interface RunRecord {
  /** Numbers of tests. */
  readonly passed: number;
  readonly failed: number;
  /** The title of a test or hook; undefined after the last one. */
  readonly running?: string | undefined;
  /** After the last test: files, and tests and hooks. */
  readonly slowest?: { readonly files: Times; readonly runnables: Times } | undefined;
}

interface Options {
  readonly reporterOptions?: { readonly record?: string; readonly grace?: string };
}

const SLOWEST = 10;
/** Characters. The output of promtool and the difference of two long strings can be a megabyte. */
const MAX_ERROR = 4_000;
/** Seconds for what the last test left running. */
const GRACE = '60';
const { EVENT_HOOK_BEGIN, EVENT_HOOK_END, EVENT_RUN_END, EVENT_TEST_BEGIN, EVENT_TEST_FAIL } =
  Mocha.Runner.constants;

export function slowestOf(times: Times): Times {
  return times.toSorted(([, a], [, b]) => b - a).slice(0, SLOWEST);
}

/** How long each of several things takes, one after another: until the next one begins. */
function createTimes() {
  const times = new Map<string, number>();
  let running = { name: '', since: Date.now() };
  const begin = (name: string): void => {
    const now = Date.now();
    times.set(running.name, (times.get(running.name) ?? 0) + now - running.since);
    running = { name, since: now };
  };
  const slowest = (): Times => {
    begin('');
    times.delete('');
    return slowestOf([...times]);
  };
  return { begin, slowest };
}

function print({ title, error }: { readonly title: string; readonly error: Error }): void {
  const text = error.stack ?? error.message;
  const rest = text.length > MAX_ERROR ? `\n... of ${text.length} characters` : '';
  console.error(`\nFAILED: ${title}\n${text.slice(0, MAX_ERROR)}${rest}`);
}

/** Mocha waits until nothing keeps Node.js alive, and sets the exit code itself. */
function exitIfAlive(seconds: number, write: (running: string) => void): void {
  const exit = (): void => {
    write(
      `the ${seconds} s after the last test, with open handles: ${process.getActiveResourcesInfo().join(', ')}`,
    );
    process.exit();
  };
  setTimeout(exit, seconds * 1_000).unref();
}

// biome-ignore lint/style/noDefaultExport: mocha takes the default export of a reporter's module.
export default class CiReporter {
  constructor(runner: Mocha.Runner, { reporterOptions }: Options) {
    const { record, grace = GRACE } = reporterOptions ?? {};
    if (record === undefined) throw new Error('The reporter needs the option record=FILE');
    const [files, runnables] = [createTimes(), createTimes()];
    const write = (rest: Pick<RunRecord, 'running' | 'slowest'>): void => {
      const { passes: passed = 0, failures: failed = 0 } = runner.stats ?? {};
      writeFileSync(record, JSON.stringify({ passed, failed, ...rest } satisfies RunRecord));
    };
    const begin = (runnable: Mocha.Runnable): void => {
      files.begin(runnable.ctx?.currentTest?.file ?? runnable.file ?? '');
      runnables.begin(runnable.fullTitle());
      write({ running: runnable.fullTitle() });
    };
    runner.on(EVENT_HOOK_BEGIN, begin);
    runner.on(EVENT_TEST_BEGIN, begin);
    // A test begins before the hooks that run before each.
    runner.on(EVENT_HOOK_END, ({ ctx }: Mocha.Hook) => {
      if (ctx?.currentTest !== undefined) begin(ctx.currentTest);
    });
    runner.on(EVENT_TEST_FAIL, (runnable: Mocha.Runnable, error: Error) => {
      print({ title: runnable.fullTitle(), error });
    });
    runner.once(EVENT_RUN_END, () => {
      write({ slowest: { files: files.slowest(), runnables: runnables.slowest() } });
      exitIfAlive(Number(grace), (running) => write({ running }));
    });
  }
}

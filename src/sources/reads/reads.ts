/**
 * The source of facts about who reads the tokens on the node, from events of inotify that a thread takes.
 *
 * A run is one round of the thread, at least one each second. It fails if a limit of the kernel leaves folders
 * unwatched, or if the thread has ended.
 */
import type { SourceRun } from '../../core/facts.ts';
import type { ReadFacts } from '../../core/reads/read-facts.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { Token } from '../../core/token/token.ts';
import type { Clock } from '../../util/clock.ts';
import type { Source } from '../source.ts';
import type { OwnOpens } from './own-opens.ts';
import type { Command, Loss, Report } from './protocol.ts';
import { createVolumes, type Volumes } from './volumes.ts';
import type { Instant } from './watched-token.ts';
import { startWatchThread, type WatchThread } from './worker.ts';

export interface ReadsOptions {
  /** The kubelet's root directory, which contains `pods`. */
  readonly rootDir: string;
  /** The file of the thread. */
  readonly worker: string;
  readonly opens: OwnOpens;
  readonly clock: Clock;
  /** Called if reads are watched again, or no longer. */
  readonly onChange: () => void;
  /** Events were lost, or a folder is not watched. */
  readonly onLoss: (loss: Loss) => void;
  /** A folder of a new generation was watched this long after the swap. */
  readonly onBlindTime: (seconds: number) => void;
  /** The thread threw, which is a bug. The source starts another one after a while. */
  readonly onError: (error: unknown) => void;
}

const RESTART_MS = 60_000;

interface State extends ReadsOptions {
  readonly volumes: Volumes;
  thread: WatchThread | undefined;
  lastRun: SourceRun | undefined;
  tokens: readonly Token[];
  /** Whether all volumes of the node were found that were there before. */
  hasScanned: boolean;
}

function instant({ clock }: State): Instant {
  return { at: clock.now(), monotonicMs: clock.monotonicMs() };
}

function send({ thread }: State, commands: readonly Command[]): void {
  for (const command of commands) thread?.send(command);
}

function setRun(state: State, run: SourceRun): void {
  const hasChanged = state.lastRun?.isSuccess !== run.isSuccess;
  state.lastRun = run;
  if (hasChanged) state.onChange();
}

function addReport(state: State, report: Report): void {
  state.volumes.addReport(report, instant(state));
  for (const loss of report.losses) state.onLoss(loss);
  for (const { blindMs } of report.started) if (blindMs !== undefined) state.onBlindTime(blindMs / 1_000);
  setRun(state, { isSuccess: !report.isLimited, seconds: report.tookMs / 1_000 });
}

/** Runs one thread until it ends by itself, or the signal aborts. */
async function runThread(state: State, signal: AbortSignal): Promise<void> {
  const { worker, opens, onLoss, onError } = state;
  const thread = startWatchThread({
    file: worker,
    shared: opens.shared,
    onReport: (report) => addReport(state, report),
    onFailure: onLoss,
  });
  state.thread = thread;
  send(state, state.volumes.restart(instant(state)));
  signal.addEventListener('abort', thread.stop);
  try {
    await thread.ended;
  } catch (error) {
    onError(error);
  }
  signal.removeEventListener('abort', thread.stop);
  state.thread = undefined;
}

async function run(state: State, signal: AbortSignal): Promise<void> {
  const { clock } = state;
  while (!signal.aborted) {
    await runThread(state, signal);
    if (signal.aborted) return;
    state.volumes.restart(instant(state));
    setRun(state, { isSuccess: false, seconds: 0 });
    await clock.sleep(RESTART_MS, signal);
  }
}

function followTokens(state: State, { observation }: Snapshot): void {
  if (observation.tokens === state.tokens) return;
  state.tokens = observation.tokens;
  const areNew = state.hasScanned;
  state.hasScanned ||= observation.scannedAt !== undefined;
  send(state, state.volumes.setTokens(observation.tokens, state.clock.monotonicMs(), areNew));
}

export function createReadsSource(options: ReadsOptions): Source<ReadFacts | undefined> {
  const state: State = {
    ...options,
    volumes: createVolumes(options.rootDir),
    thread: undefined,
    lastRun: undefined,
    tokens: [],
    hasScanned: false,
  };
  options.opens.follow((open) => state.volumes.addOpen(open, options.clock.monotonicMs()));
  return {
    name: 'reads',
    run: (signal) => run(state, signal),
    facts: state.volumes.facts,
    lastRun: () => state.lastRun,
    onSnapshot: (snapshot) => followTokens(state, snapshot),
    close: () => state.thread?.stop(),
  };
}

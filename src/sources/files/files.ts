/**
 * The source of token files, kept up to date by scans at an interval and by file events.
 *
 * A run is a scan of the whole node. It fails if the pods cannot be listed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { SourceRun } from '../../core/facts.ts';
import { NOTHING_OBSERVED, type Observation } from '../../core/observation.ts';
import type { Clock } from '../../util/clock.ts';
import { stable } from '../../util/stable.ts';
import type { Source } from '../source.ts';
import { createReconciler } from './reconciler.ts';
import { createTokenFiles, type TokenFilesOptions } from './token-files.ts';

export interface FilesOptions extends Omit<TokenFilesOptions, 'now' | 'onNudge'> {
  readonly clock: Clock;
  /** The longest time from the start of a scan to the start of the next. */
  readonly intervalMs: number;
  /** Called after every scan and every refresh. */
  readonly onChange: () => void;
  /** A scan or a refresh threw, which is a bug. The source continues. */
  readonly onError: (error: unknown) => void;
}

function isSameObservation(a: Observation, b: Observation): boolean {
  return (
    a.tokens === b.tokens &&
    a.others === b.others &&
    a.scannedAt === b.scannedAt &&
    a.scanSeconds === b.scanSeconds &&
    a.watches === b.watches &&
    isDeepStrictEqual(a.unreadable, b.unreadable)
  );
}

export function createFilesSource(options: FilesOptions): Source<Observation> {
  const { clock, intervalMs, onChange, onError } = options;
  const stableFacts = stable(isSameObservation);
  let facts = NOTHING_OBSERVED;
  let lastScan: SourceRun | undefined;
  let lastRun: SourceRun | undefined;
  const files = createTokenFiles({ ...options, now: clock.now, onNudge: () => reconciler.nudge() });

  const scan = async (): Promise<void> => {
    const startedMs = clock.monotonicMs();
    const runOf = (isSuccess: boolean): SourceRun => {
      return { isSuccess, seconds: (clock.monotonicMs() - startedMs) / 1_000 };
    };
    try {
      lastScan = runOf(await files.scan());
    } catch (error) {
      lastRun = runOf(false);
      throw error;
    }
  };
  /** Facts are taken between passes only: during a scan, half of the node would seem to be missing. */
  const onPass = (): void => {
    facts = stableFacts(files.observe());
    lastRun = lastScan;
    onChange();
  };
  const reconciler = createReconciler({
    target: { ...files, scan },
    clock,
    intervalMs,
    onPass,
    onError,
  });
  return {
    name: 'files',
    run: reconciler.run,
    facts: () => facts,
    lastRun: () => lastRun,
    onSnapshot: ({ cluster }) => files.setSpecs(cluster.pods),
    close: files.close,
  };
}

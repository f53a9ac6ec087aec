/**
 * The source of facts about the exporter itself: the UID of its pod, and the token in its own mount.
 *
 * A run reads that token, and fails if it cannot be read. It follows every change that the source of files reports,
 * because the two are compared: at another time, one of them may be a rotation ahead.
 */
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { SourceRun } from '../../core/facts.ts';
import { NOTHING_OBSERVED } from '../../core/observation.ts';
import type { SelfFacts } from '../../core/self-check.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { MonotonicClock } from '../../util/clock.ts';
import { stable } from '../../util/stable.ts';
import type { Source } from '../source.ts';
import { readOwnToken } from './exporter-token.ts';

export interface SelfOptions {
  readonly podUid: string;
  /** Path of the exporter's token in its own mount. */
  readonly tokenFile: string;
  readonly clock: Pick<MonotonicClock, 'monotonicMs'>;
}

function sameSelf(a: SelfFacts, b: SelfFacts): boolean {
  return a.podUid === b.podUid && isDeepStrictEqual(a.mountedToken, b.mountedToken);
}

/** The facts are undefined before the initial scan is complete. */
export function createSelfSource({ podUid, tokenFile, clock }: SelfOptions): Source<SelfFacts | undefined> {
  const keep = stable(sameSelf);
  let observation = NOTHING_OBSERVED;
  let facts: SelfFacts | undefined;
  let lastRun: SourceRun | undefined;

  const read = (): void => {
    const startedMs = clock.monotonicMs();
    const claims = readOwnToken(tokenFile);
    facts = keep({ podUid, mountedToken: claims });
    lastRun = { isSuccess: claims !== undefined, seconds: (clock.monotonicMs() - startedMs) / 1_000 };
  };
  const onSnapshot = (snapshot: Snapshot): void => {
    if (snapshot.observation === observation) return;
    observation = snapshot.observation;
    read();
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    if (!signal.aborted) await once(signal, 'abort');
  };
  return {
    name: 'self',
    run,
    facts: () => facts,
    lastRun: () => lastRun,
    onSnapshot,
    close: () => undefined,
  };
}

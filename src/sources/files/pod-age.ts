/**
 * How long a pod is known, and when to look for new volumes of it.
 *
 * Volumes come up in a pod's first seconds, or minutes late where one fails to mount at first. Knows nothing of
 * folders.
 */
import type { EpochSeconds } from '../../core/token.ts';

export interface PodAge {
  readonly seconds: () => number;
  /** Whether it is time to list the pod's volumes: whenever its age has doubled, every two minutes at least. */
  readonly isListingDue: () => boolean;
  /** To be told of every listing. */
  readonly listed: () => void;
}

/** The longest a volume that comes late is overlooked; the kubelet retries a failed mount no more often. */
const LONGEST_SECONDS = 120;

export function createPodAge(now: () => EpochSeconds): PodAge {
  let firstSeen = now();
  let latest = firstSeen;
  let nextListing = firstSeen;

  /** A clock that is set back makes a pod new again: better than one that is not listed for hours. */
  const current = (): EpochSeconds => {
    const time = now();
    if (time < latest) firstSeen = nextListing = time;
    latest = time;
    return time;
  };

  const seconds = (): number => current() - firstSeen;
  const listed = (): void => {
    nextListing = current() + Math.min(seconds(), LONGEST_SECONDS);
  };
  return { seconds, isListingDue: () => current() >= nextListing, listed };
}

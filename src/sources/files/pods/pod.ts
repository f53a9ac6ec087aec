/**
 * One pod of the node: when its volumes are refreshed and listed, and what they hold.
 */
import type { Unreadable } from '../../../core/observation.ts';
import type { Token } from '../../../core/token/token.ts';
import type { NamedInPod } from '../named-paths.ts';
import type { Path } from '../paths.ts';
import type { Steps } from '../slices.ts';
import { type Copies, createCopies } from '../subpaths/copies.ts';
import type { Volume, VolumeOptions } from '../volume.ts';
import { createVolumeSet, lacksVolumes, type VolumeSet } from '../volume-set.ts';
import { createPodAge, createPodVolumes, NO_VOLUMES, type PodVolumes } from './pod-volumes.ts';
import type { PodsRoot } from './pods-root.ts';

export interface PodOptions extends Omit<VolumeOptions, 'scopeOf'> {
  readonly uid: string;
  readonly directory: Path;
  readonly root: PodsRoot;
}

/** What pods hold. */
export interface PodContent {
  readonly tokens: Token[];
  readonly unreadable: Unreadable[];
  /** Files that hold no token. */
  readonly others: Unreadable[];
}

export interface Pod {
  /**
   * Refreshes the pod's volumes, and lists them again if that is due. Returns the work that is left, unless it found
   * nothing to do.
   */
  readonly refresh: () => Steps<void> | undefined;
  /** Whether an event came since the last refresh. */
  readonly isNudged: () => boolean;
  /** Whether the pod is so new that a refresh soon may find more. */
  readonly isPending: () => boolean;
  /** Adds what the pod holds. */
  readonly addTo: (content: PodContent) => void;
  /** Sets what the pod's spec names. */
  readonly setNamed: (named: NonNullable<NamedInPod>) => void;
  readonly close: () => void;
}

/** Volumes are mounted in a pod's first seconds, or minutes later if a mount fails at first. */
const MAX_PENDING_SECONDS = 120;
/** A pod this new may get another volume at any moment, even if all it has are mounted. */
const MIN_PENDING_SECONDS = 5;

/** What the limits leave out. The pod has one entry, which its volumes bring if they lack something. */
function leftOut(volumes: VolumeSet, copies: Copies): readonly Unreadable[] {
  const ofVolumes = volumes.leftOut();
  return ofVolumes.length > 0 ? ofVolumes : copies.leftOut();
}

function addVolume(content: PodContent, { tokens, unreadable, others }: Volume): void {
  content.tokens.push(...tokens);
  content.unreadable.push(...unreadable);
  content.others.push(...others);
}

export function createPod(options: PodOptions): Pod {
  const { uid, directory, root, now, onNudge, onReadFailure } = options;
  const listVolumes = createPodVolumes(uid, directory, root);
  const copies = createCopies(uid, directory, root);
  let found: PodVolumes = NO_VOLUMES;
  const age = createPodAge(now);
  let isNudged = false;

  const nudge = (): void => {
    isNudged = true;
    onNudge();
  };
  const volumes = createVolumeSet({ ...options, podUid: uid, onNudge: nudge });

  const isPending = (): boolean => {
    const seconds = age.seconds();
    return seconds < MIN_PENDING_SECONDS || (seconds <= MAX_PENDING_SECONDS && lacksVolumes(volumes));
  };

  function* list(): Steps<void> {
    age.listed();
    const before = found;
    found = listVolumes(now() * 1_000);
    for (const { reason } of found.unreadable) onReadFailure(reason);
    if (found !== before) yield* volumes.sync(found.locations);
    copies.list(volumes.all(), now() * 1_000);
  }

  const isUnchanged = (): boolean => volumes.isUnchanged() && copies.isEmpty() && !age.isListingDue();

  function* refreshVolumes(): Steps<void> {
    const areMounted = yield* volumes.refresh();
    if (!areMounted || age.isListingDue()) yield* list();
    copies.refresh(volumes.all());
    for (const { reason } of leftOut(volumes, copies)) onReadFailure(reason);
  }

  return {
    refresh: () => {
      isNudged = false;
      return isUnchanged() ? undefined : refreshVolumes();
    },
    isNudged: () => isNudged,
    isPending,
    addTo: (content) => {
      content.unreadable.push(...found.unreadable);
      for (const volume of volumes.all()) addVolume(content, volume);
      content.tokens.push(...copies.tokens());
      content.unreadable.push(...leftOut(volumes, copies));
    },
    setNamed: (named) => {
      if (volumes.setNamed(named)) nudge();
    },
    close: volumes.close,
  };
}

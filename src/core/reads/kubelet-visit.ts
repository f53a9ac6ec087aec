/**
 * Separates the opens of the kubelet from those of other processes.
 *
 * At each sync the kubelet opens the directory of the generation and then every file in it once, within milliseconds.
 * Its disk usage scan opens directories only, first that of the volume, which a sync does not open. Before a rotation it compares the files in random order and stops at the
 * first difference. A workload opens the file without the directory, unless it lists the directory first, which
 * looks like a visit that was cut short.
 */

/** Events of a drain a second later may belong to the same visit, and the node may be slow. */
export const VISIT_MS = 2_500;
/** A kubelet without CPU may take this long. Opens between the two limits are its own or not. */
export const SLOW_VISIT_MS = 5_000;
/** A visit is recognized by the files of the directory. One with more is not watched. */
export const MAX_VISITED_FILES = 128;

/** Begun by an open of the directory, and not complete. */
export interface Visit {
  readonly startedMs: number;
  /** Whether a walk through the whole volume may have opened the directory, instead of a sync. */
  readonly isWalk: boolean;
  /** The files opened since: a bit for each. Cheap, because anyone may open files all the time. */
  readonly seen: bigint;
  /** Files opened shortly before, after an earlier open of the directory. */
  readonly seenBefore: bigint;
  /** How often the token was opened since. */
  readonly tokenOpens: number;
  /** Whether the directory was opened again after the token was. */
  readonly isReopened: boolean;
  /** Whether another file was opened after that: the opens of two visitors are mixed. */
  readonly isMixed: boolean;
}

/** How the opens of the token are explained. */
export interface Explained {
  /** Not opened by the kubelet. */
  readonly foreign: number;
  /** Opened by the kubelet or by another process. */
  readonly ambiguous: number;
}

const NOTHING_TO_EXPLAIN: Explained = { foreign: 0, ambiguous: 0 };

/**
 * The directory was opened: a new visit, unless opens of the token are waiting to be explained. A walk through the volume
 * does not begin one while another visit goes on: it opens no files.
 */
export function openFolder(visit: Visit | undefined, startedMs: number, isWalk: boolean): Visit {
  if (visit !== undefined && visit.tokenOpens > 0) return { ...visit, isReopened: true };
  if (visit !== undefined && isWalk && !visit.isWalk) return visit;
  const seenBefore = visit === undefined ? 0n : visit.seen | visit.seenBefore;
  return {
    startedMs,
    isWalk,
    seen: 0n,
    seenBefore,
    tokenOpens: 0,
    isReopened: false,
    isMixed: false,
  };
}

/** A file was opened after the directory: the one at this index. */
export function openFile(visit: Visit, index: number, isToken: boolean): Visit {
  return {
    ...visit,
    seen: visit.seen | (1n << BigInt(index)),
    tokenOpens: visit.tokenOpens + Number(isToken),
    isMixed: visit.isMixed || (visit.isReopened && !isToken),
  };
}

export function isOver({ startedMs }: Visit, monotonicMs: number): boolean {
  return monotonicMs - startedMs > SLOW_VISIT_MS;
}

function allOf(files: number): bigint {
  return (1n << BigInt(files)) - 1n;
}

/** Whether each of so many files was opened. */
export function isWhole({ seen, seenBefore }: Visit, files: number): boolean {
  return (seen | seenBefore) === allOf(files);
}

/** Whether the kubelet opened each of so many files, beyond doubt: after the directory, and in time. */
export function isCertain(visit: Visit, files: number, monotonicMs: number): boolean {
  return !visit.isWalk && visit.seen === allOf(files) && monotonicMs - visit.startedMs <= VISIT_MS;
}

/** Every file was opened: one open of the token is the kubelet's. */
export function explainWhole({ tokenOpens }: Visit, isKubelet: boolean): Explained {
  const foreign = Math.max(0, tokenOpens - 1);
  return { foreign, ambiguous: Number(!isKubelet && tokenOpens > 0) };
}

/** It ended without a rotation: a kubelet would have opened every file. */
export function explainIncomplete({ tokenOpens }: Visit): Explained {
  return tokenOpens === 0 ? NOTHING_TO_EXPLAIN : { foreign: tokenOpens - 1, ambiguous: 1 };
}

/** A rotation followed: the kubelet stopped at the first difference. Each rotation has exactly one such visit. */
export function explainLast({ tokenOpens, isMixed, isWalk, isReopened }: Visit): Explained {
  if (tokenOpens === 0) return NOTHING_TO_EXPLAIN;
  return { foreign: tokenOpens - 1, ambiguous: Number(isMixed || (isWalk && !isReopened)) };
}

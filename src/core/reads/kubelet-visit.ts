/**
 * Separates the opens of the kubelet from those of other processes.
 *
 * At each sync the kubelet opens the directory of the generation and then every file in it once, within milliseconds.
 * Its disk usage scan opens directories only. Before a rotation it compares the files in random order and stops at the
 * first difference. A workload opens the file without the directory, unless it lists the directory first, which
 * looks like a visit that was cut short.
 */

/** Events of a drain a second later may belong to the same visit, and the node may be slow. */
export const VISIT_MS = 2_500;
/** A kubelet without CPU may take this long. Opens between the two limits are its own or not. */
export const SLOW_VISIT_MS = 5_000;

/** Begun by an open of the directory, and not complete. */
export interface Visit {
  readonly startedMs: number;
  /** The files opened since. */
  readonly seen: ReadonlySet<string>;
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

/** The directory was opened. */
export function openFolder(visit: Visit | undefined, startedMs: number): Visit {
  if (visit !== undefined && visit.seen.size > 0)
    return { ...visit, isReopened: visit.isReopened || visit.tokenOpens > 0 };
  return { startedMs, seen: new Set(), tokenOpens: 0, isReopened: false, isMixed: false };
}

/** A file was opened after the directory. */
export function openFile(visit: Visit, name: string, isToken: boolean): Visit {
  return {
    ...visit,
    seen: visit.seen.has(name) ? visit.seen : new Set([...visit.seen, name]),
    tokenOpens: visit.tokenOpens + Number(isToken),
    isMixed: visit.isMixed || (visit.isReopened && !isToken),
  };
}

export function isSlow({ startedMs }: Visit, monotonicMs: number): boolean {
  return monotonicMs - startedMs > VISIT_MS;
}

export function isOver({ startedMs }: Visit, monotonicMs: number): boolean {
  return monotonicMs - startedMs > SLOW_VISIT_MS;
}

/** Every file was opened: one open of the token is the kubelet's, unless that took too long. */
export function explainWhole(visit: Visit, monotonicMs: number): Explained {
  return { foreign: visit.tokenOpens - 1, ambiguous: Number(isSlow(visit, monotonicMs)) };
}

/** It ended without a rotation: a kubelet would have opened every file. */
export function explainIncomplete({ tokenOpens }: Visit): Explained {
  return tokenOpens === 0 ? NOTHING_TO_EXPLAIN : { foreign: tokenOpens - 1, ambiguous: 1 };
}

/** A rotation followed: the kubelet stopped at the first difference. Each rotation has exactly one such visit. */
export function explainLast({ tokenOpens, isMixed }: Visit): Explained {
  if (tokenOpens === 0) return NOTHING_TO_EXPLAIN;
  return { foreign: tokenOpens - 1, ambiguous: Number(isMixed) };
}

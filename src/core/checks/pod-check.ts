/**
 * The contract of a check of a pod: one way in which a token that its spec requires can be missing.
 */
import type { PodFacts } from '../cluster-facts.ts';
import type { Severity, SeverityConditions } from '../problems/severity.ts';
import type { EpochSeconds, TokenIdentity } from '../token/token.ts';

/** Where a token is missing. */
export interface MissingPath {
  readonly volume: string;
  readonly path: string;
  readonly detail: string;
  /** One of the check's severities. */
  readonly severity: Severity;
}

/** What the last full scan found in the volumes of one pod. */
export interface PodFiles {
  readonly scannedAt: EpochSeconds | undefined;
  /** Whether there is a file, readable or not. True if the exporter could not look. */
  readonly mayHave: (volume: string, path: string) => boolean;
}

export interface PodCheck {
  /** Value of the `reason` label. Public contract: retire it, never rename it. */
  readonly reason: string;
  /** One sentence: what is wrong if the check fails. */
  readonly summary: string;
  readonly severities: SeverityConditions;
  /** Name of the runbook, which is also the name of the alert. */
  readonly runbook: string;
  /** Called for active pods only. */
  readonly findMissing: (pod: PodFacts, files: PodFiles) => readonly MissingPath[];
  /** How to fix it, in order: sentences and shell commands. */
  readonly fixMissing: (identity: TokenIdentity) => readonly string[];
}

/** Covers a lagging list of pods and slow mounts on a node under load. */
const SETTLING_SECONDS = 120;

/** Whether the pod had started long enough before the last full scan. */
export function isSettled({ startedAt }: PodFacts, { scannedAt }: PodFiles): boolean {
  return startedAt !== undefined && scannedAt !== undefined && scannedAt - startedAt >= SETTLING_SECONDS;
}

/**
 * Which tokens and pods are in trouble, and so worth a question to the API server.
 *
 * Pure. Knows nothing of how it is asked, nor how often.
 */
import { isFailing } from './assessment.ts';
import type { Snapshot } from './snapshot.ts';
import type { Token } from './token.ts';

/** A pod that gives reason to ask. */
export interface SuspectPod {
  readonly uid: string;
  readonly namespace: string;
}

export interface Suspects {
  readonly tokens: readonly Token[];
  readonly pods: readonly SuspectPod[];
}

/** Tokens that fail a check, and the pods whose tokens are late or missing. */
export function suspectsOf({ assessments, causes, missingTokens }: Snapshot): Suspects {
  const identities = [
    ...[...causes.keys()].map(({ identity }) => identity),
    ...missingTokens.map(({ identity }) => identity),
  ];
  return {
    tokens: assessments.filter(isFailing).map(({ token }) => token),
    pods: [
      ...new Map(identities.map(({ podUid, namespace }) => [podUid, { uid: podUid, namespace }])).values(),
    ],
  };
}

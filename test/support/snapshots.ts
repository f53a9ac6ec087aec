/**
 * Snapshots with tokens in every state.
 */

import { type ClusterFacts, NO_CLUSTER, type PodFacts } from '../../src/core/cluster-facts.ts';
import type { Facts } from '../../src/core/facts.ts';
import { type History, NEW_HISTORY } from '../../src/core/history.ts';
import type { Observation } from '../../src/core/observation.ts';
import type { ReadFacts } from '../../src/core/reads/read-facts.ts';
import { CANARY_VOLUME } from '../../src/core/self-check.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import type { Token } from '../../src/core/token/token.ts';
import { authority, podFacts, projection } from './cluster.ts';
import { readAgain, readFacts, readOnce } from './reads.ts';
import { facts, ISSUER, legacyToken, NOW, observation, policy, token } from './tokens.ts';

interface SnapshotOverrides extends Partial<Observation> {
  readonly now?: number;
  readonly facts?: Partial<Omit<Facts, 'observation'>>;
}

/** A snapshot of `observation` at NOW with the default options. */
export function snapshot({ now = NOW, facts: others, ...seen }: SnapshotOverrides = {}): Snapshot {
  return createTakeSnapshot(policy())(facts({ observation: observation(seen), ...others }), now);
}

/** Characters that break a label, a line or a table cell if they are not escaped, and some that must be kept. */
export const HOSTILE = 'a "b" \\ c\nd,e="f"} 1 <i>é漢😀</i>';

const DAY = 86_400;
const HOUR = 3_600;

/** A token of a pod, issued `age` seconds before NOW. */
function aged(pod: string, age: number, lifetime: number, identity: Partial<Token['identity']> = {}): Token {
  const issuedAt = NOW - age;
  const uid = `uid-${pod}`;
  return token({
    claims: { pod: { name: pod, uid }, issuedAt, notBefore: issuedAt, expiresAt: issuedAt + lifetime },
    identity: { podUid: uid, ...identity },
  });
}

/** A default token of one hour, extended to a year. */
function extended(pod: string, age: number): Token {
  const made = aged(pod, age, 365 * DAY, { volume: 'kube-api-access-abcde', path: 'token' });
  const warnAfter = NOW - age + HOUR + 7;
  return { ...made, claims: { ...made.claims, audiences: [ISSUER], warnAfter } };
}

/** One token in every state, one failing token per check, and one with hostile strings. */
function everyToken(): readonly Token[] {
  const hostile = aged('hostile', 60, HOUR);
  const elsewhere = aged('elsewhere', 60, HOUR);
  const mismatched = aged('mismatched', 60, 600);
  return [
    extended('fresh', 60),
    aged('fresh', 60, 600, { volume: CANARY_VOLUME, path: 'token' }),
    aged('refresh-due', 485, 600),
    aged('overdue', 595, 600),
    extended('stale', HOUR + 8),
    aged('expired', 601, 600),
    aged('not-yet-valid', -3 * HOUR, HOUR),
    legacyToken({ identity: { podUid: 'uid-legacy' } }),
    { ...mismatched, claims: { ...mismatched.claims, audiences: ['sts.amazonaws.com'] } },
    { ...elsewhere, identity: { ...elsewhere.identity, podUid: 'uid-of-another' } },
    {
      ...hostile,
      claims: { ...hostile.claims, issuer: HOSTILE, audiences: [HOSTILE, 'vault'], keyId: HOSTILE },
      identity: { ...hostile.identity, path: HOSTILE },
    },
  ];
}

/** The pod that a token lies in, whose spec requests the tokens of all that lie there. */
function podOf({ identity: { podUid, pod } }: Token, tokens: readonly Token[]): PodFacts {
  const requested = tokens.filter(({ identity, claims }) => {
    return identity.podUid === podUid && claims.kind === 'projected';
  });
  return podFacts({
    uid: podUid,
    name: pod || podUid,
    projections: requested.map(({ identity: { volume, path }, claims: { audiences } }) =>
      projection({ volume, path, audience: audiences[0] }),
    ),
  });
}

/** Facts from an API server that denies TokenReviews: the pods of the tokens, one without and one missing a token. */
function clusterOf(tokens: readonly Token[]): ClusterFacts {
  const others = [
    podFacts({ uid: 'uid-tokenless', name: 'tokenless', projections: [], isAutomounted: false }),
    podFacts({ uid: 'uid-missing', name: 'missing' }),
  ];
  return {
    ...NO_CLUSTER,
    resources: new Map([
      ['pods', { isUp: true }],
      ['tokenreviews', { isUp: false, failure: 'forbidden' }],
    ]),
    pods: new Map([...tokens.map((one) => podOf(one, tokens)), ...others].map((pod) => [pod.uid, pod])),
    authority: authority(),
  };
}

/** A process that found the missing token a minute ago, and the mismatched audience an hour ago. */
const HISTORY: History = {
  ...NEW_HISTORY,
  missingSince: new Map([
    [['token_missing', 'uid-missing', 'vault-token', 'vault-token'].join('\0'), NOW - 60],
  ]),
  problemStarts: new Map([
    [
      ['uid-mismatched', 'vault-token', 'vault-token'].join('\0'),
      new Map([['audience_mismatch', NOW - HOUR]]),
    ],
  ]),
};

/** One token that is read again, one that was read once, and others that are not watched. */
const READS: ReadFacts = readFacts(
  new Map([
    [['uid-fresh', 'kube-api-access-abcde', 'token'].join('\0'), readAgain()],
    [['uid-mismatched', 'vault-token', 'vault-token'].join('\0'), readOnce({ lastReadAt: NOW - 1_800 })],
  ]),
);

/** A node with problems of all kinds. */
export function troubledNode(): Snapshot {
  const tokens = everyToken();
  return snapshot({
    tokens,
    facts: {
      cluster: clusterOf(tokens),
      history: HISTORY,
      reads: READS,
      self: { podUid: 'uid-fresh', mountedToken: tokens[0]?.claims },
      runs: new Map([
        ['files', { isSuccess: true, seconds: 0.0421 }],
        ['api-server', { isSuccess: false, seconds: 10 }],
        ['self', undefined],
      ]),
    },
    unreadable: [
      {
        podUid: 'uid-1',
        volume: 'v',
        path: 'token',
        reason: 'permission_denied',
        detail: 'permission denied',
      },
      { podUid: 'uid-1', volume: 'v', path: 'token', reason: 'permission_denied', detail: 'again' },
      { podUid: HOSTILE, volume: '', path: '', reason: 'io_error', detail: 'system call failed with EIO' },
    ],
    scannedAt: NOW - 12.5,
    scanSeconds: 0.0421,
    watches: 8,
  });
}

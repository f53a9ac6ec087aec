/**
 * TokenReview: whether the API server takes a token for whom it says, and its words where it does not.
 *
 * The order of the checks is that of k8s.io/kubernetes/pkg/serviceaccount, jwt.go: issuer, signature, audience, and
 * only then times and objects. Knows nothing of HTTP.
 */
import { createHash } from 'node:crypto';
import type { Cluster } from '../cluster.ts';
import { isSignedBy, type Jwt, parseJwt } from '../jwt.ts';
import {
  bindingOf,
  firstRefusal,
  LEGACY_CHECKS,
  legacyClaim,
  PROJECTED_CHECKS,
  type Subject,
  textOf,
} from './token-checks.ts';

export interface User {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The `status` of a TokenReview. */
export type ReviewStatus =
  | { readonly authenticated: true; readonly user: User; readonly audiences: readonly string[] }
  | { readonly user: Readonly<Record<string, never>>; readonly error: string };

export interface Reviewer {
  /** For the API server itself where no audience is named. */
  readonly review: (token: string, audiences?: readonly string[]) => ReviewStatus;
}

const LEGACY_ISSUER = 'kubernetes/serviceaccount';
const ALGORITHMS: readonly unknown[] = ['RS256', 'ES256', 'ES384', 'ES512'];
/** How long a yes is remembered; a no never is. */
const CACHE_SECONDS = 10;

/** Nobody felt concerned, or somebody did and refused. */
function refused(reason?: string): ReviewStatus {
  const general = 'invalid bearer token';
  return { user: {}, error: reason === undefined ? general : `[${general}, ${reason}]` };
}

/** As Go prints a list of strings. */
function quoted(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
}

function audiencesOf({ claims }: Jwt, cluster: Cluster): readonly string[] {
  const listed = [claims['aud'] ?? []].flat().filter((one) => typeof one === 'string');
  return listed.length === 0 ? cluster.audiences() : listed;
}

function checkSignature(jwt: Jwt, cluster: Cluster): string | undefined {
  const keyId = textOf(jwt.header, 'kid');
  const keys = cluster.keys().filter((key) => keyId === '' || key.keyId === keyId);
  if (keys.length === 0) return 'invalid signature, no keys found';
  return keys.some((key) => isSignedBy(key, jwt))
    ? undefined
    : 'go-jose/go-jose: error in cryptographic primitive';
}

type Extra = NonNullable<User['extra']>;

/** What is known besides; what is not is left out. */
function extraOf(subject: Subject): Extra {
  const [id, node, pod] = [
    textOf(subject.claims, 'jti'),
    bindingOf(subject, 'node'),
    bindingOf(subject, 'pod'),
  ];
  const pairs = [
    ['credential-id', id === '' ? '' : `JTI=${id}`],
    ['node-name', textOf(node, 'name')],
    ['node-uid', textOf(node, 'uid')],
    ['pod-name', textOf(pod, 'name')],
    ['pod-uid', textOf(pod, 'uid')],
  ] as const;
  const known = pairs.filter(([, value]) => value !== '');
  return Object.fromEntries(known.map(([name, value]) => [`authentication.kubernetes.io/${name}`, [value]]));
}

function userOf(subject: Subject, isLegacy: boolean): User {
  const username = textOf(subject.claims, 'sub');
  const namespace = username.split(':')[2] ?? '';
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  if (isLegacy) return { username, uid: legacyClaim(subject, 'service-account.uid'), groups };
  const uid = textOf(bindingOf(subject, 'serviceaccount'), 'uid');
  return { username, uid, groups, extra: extraOf(subject) };
}

/** One question, answered from what is true now. */
function decide(cluster: Cluster, token: string, asked: readonly string[]): ReviewStatus {
  const jwt = parseJwt(token);
  if (jwt === undefined || !ALGORITHMS.includes(jwt.header['alg'])) return refused();
  const isLegacy = jwt.claims['iss'] === LEGACY_ISSUER;
  if (!isLegacy && jwt.claims['iss'] !== cluster.issuer()) return refused();
  const badSignature = checkSignature(jwt, cluster);
  if (badSignature !== undefined) return refused(badSignature);
  const held = audiencesOf(jwt, cluster);
  const audiences = held.filter((one) => asked.includes(one));
  if (audiences.length === 0)
    return refused(`token audiences ${quoted(held)} is invalid for the target audiences ${quoted(asked)}`);
  const subject = { cluster, token, claims: jwt.claims };
  const refusal = firstRefusal(isLegacy ? LEGACY_CHECKS : PROJECTED_CHECKS, subject);
  if (refusal !== undefined) return refused(refusal);
  return { authenticated: true, user: userOf(subject, isLegacy), audiences };
}

/** What was answered lately, by a digest: no token is kept. */
function createCache(now: () => number) {
  const kept = new Map<string, { readonly status: ReviewStatus; readonly until: number }>();
  const keyOf = (question: unknown): string =>
    createHash('sha256').update(JSON.stringify(question)).digest('base64');
  return {
    get: (question: unknown): ReviewStatus | undefined => {
      for (const [key, { until }] of kept) if (until <= now()) kept.delete(key);
      return kept.get(keyOf(question))?.status;
    },
    keep: (question: unknown, status: ReviewStatus): void => {
      kept.set(keyOf(question), { status, until: now() + CACHE_SECONDS });
    },
  };
}

export function createReviewer(cluster: Cluster): Reviewer {
  const accepted = createCache(cluster.now);
  const review = (token: string, audiences: readonly string[] = []): ReviewStatus => {
    const asked = audiences.length === 0 ? cluster.audiences() : audiences;
    const known = accepted.get([token, asked]);
    if (known !== undefined) return known;
    const status = decide(cluster, token, asked);
    if ('authenticated' in status) accepted.keep([token, asked], status);
    return status;
  };
  return { review };
}

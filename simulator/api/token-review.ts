/**
 * TokenReview: authenticates a token, with the error messages of the real API server.
 *
 * The checks run in the order of k8s.io/kubernetes/pkg/serviceaccount, jwt.go: issuer, signature, audience, then times
 * and objects.
 */
import { createHash } from 'node:crypto';
import type { Trust } from '../authority.ts';
import type { Cluster } from '../cluster.ts';
import { isSignedBy, type Jwt, parseJwt, stringField } from '../jwt.ts';
import {
  bindingOf,
  type CheckInput,
  firstFailure,
  LEGACY_CHECKS,
  legacyClaim,
  PROJECTED_CHECKS,
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
  /** Checks for the audiences of the API server if none are given. */
  readonly review: (token: string, audiences?: readonly string[]) => ReviewStatus;
}

const LEGACY_ISSUER = 'kubernetes/serviceaccount';
const ALGORITHMS: readonly unknown[] = ['RS256', 'ES256', 'ES384', 'ES512'];
/** Accepted tokens are cached for this long; rejections are not cached. */
const CACHE_SECONDS = 10;

/** Without a reason, no authenticator recognized the token. */
function rejected(reason?: string): ReviewStatus {
  const general = 'invalid bearer token';
  return { user: {}, error: reason === undefined ? general : `[${general}, ${reason}]` };
}

/** Formats a list of strings like Go. */
function quoted(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}

function audiencesOf({ claims }: Jwt, trust: Trust): readonly string[] {
  const listed = [claims['aud'] ?? []].flat().filter((one) => typeof one === 'string');
  return listed.length === 0 ? trust.audiences() : listed;
}

function checkSignature(jwt: Jwt, trust: Trust, signatureError: string): string | undefined {
  const keyId = stringField(jwt.header, 'kid');
  const keys = trust.acceptedKeys().filter((key) => keyId === '' || key.keyId === keyId);
  if (keys.length === 0) return 'invalid signature, no keys found';
  return keys.some((key) => isSignedBy(key, jwt)) ? undefined : signatureError;
}

type Extra = NonNullable<User['extra']>;

/** Leaves out empty values. */
function extraOf(input: CheckInput): Extra {
  const { hasTokenId, hasNodeClaim } = input.cluster.version;
  const id = hasTokenId ? stringField(input.claims, 'jti') : '';
  const [node, pod] = [hasNodeClaim ? bindingOf(input, 'node') : undefined, bindingOf(input, 'pod')];
  const pairs = [
    ['credential-id', id === '' ? '' : `JTI=${id}`],
    ['node-name', stringField(node, 'name')],
    ['node-uid', stringField(node, 'uid')],
    ['pod-name', stringField(pod, 'name')],
    ['pod-uid', stringField(pod, 'uid')],
  ] as const;
  const known = pairs.filter(([, value]) => value !== '');
  return Object.fromEntries(known.map(([name, value]) => [`authentication.kubernetes.io/${name}`, [value]]));
}

function userOf(input: CheckInput, isLegacy: boolean): User {
  const username = stringField(input.claims, 'sub');
  const namespace = username.split(':')[2] ?? '';
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  if (isLegacy) return { username, uid: legacyClaim(input, 'service-account.uid'), groups };
  const uid = stringField(bindingOf(input, 'serviceaccount'), 'uid');
  return { username, uid, groups, extra: extraOf(input) };
}

function authenticate(
  cluster: Cluster,
  trust: Trust,
  token: string,
  requested: readonly string[],
): ReviewStatus {
  const jwt = parseJwt(token);
  if (jwt === undefined || !ALGORITHMS.includes(jwt.header['alg'])) return rejected();
  const isLegacy = jwt.claims['iss'] === LEGACY_ISSUER;
  if (!isLegacy && !trust.issuers().includes(stringField(jwt.claims, 'iss'))) return rejected();
  const badSignature = checkSignature(jwt, trust, cluster.version.signatureError);
  if (badSignature !== undefined) return rejected(badSignature);
  const claimed = audiencesOf(jwt, trust);
  const audiences = claimed.filter((one) => requested.includes(one));
  if (audiences.length === 0)
    return rejected(
      `token audiences ${quoted(claimed)} is invalid for the target audiences ${quoted(requested)}`,
    );
  const input = { cluster, token, claims: jwt.claims };
  const failure = firstFailure(isLegacy ? LEGACY_CHECKS : PROJECTED_CHECKS, input);
  if (failure !== undefined) return rejected(failure);
  return { authenticated: true, user: userOf(input, isLegacy), audiences };
}

/** Keyed by a digest, so that no token is stored. */
function createCache(now: () => number) {
  const entries = new Map<string, { readonly status: ReviewStatus; readonly until: number }>();
  const keyOf = (request: unknown): string =>
    createHash('sha256').update(JSON.stringify(request)).digest('base64');
  return {
    get: (request: unknown): ReviewStatus | undefined => {
      for (const [key, { until }] of entries) if (until <= now()) entries.delete(key);
      return entries.get(keyOf(request))?.status;
    },
    set: (request: unknown, status: ReviewStatus): void => {
      entries.set(keyOf(request), { status, until: now() + CACHE_SECONDS });
    },
  };
}

/** `trust` is what one of several control planes accepts. */
export function createReviewer(cluster: Cluster, trust: Trust = cluster): Reviewer {
  const accepted = createCache(cluster.now);
  const review = (token: string, audiences: readonly string[] = []): ReviewStatus => {
    const requested = audiences.length === 0 ? trust.audiences() : audiences;
    const cached = accepted.get([token, requested]);
    if (cached !== undefined) return cached;
    const status = authenticate(cluster, trust, token, requested);
    if ('authenticated' in status) accepted.set([token, requested], status);
    return status;
  };
  return { review };
}

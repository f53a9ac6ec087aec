/**
 * Factories for tokens, observations and raw tokens. By default everything is healthy.
 *
 * The default token is fresh at NOW, bound to the pod of its folder, and for the audience that the catalogue expects.
 * Raw tokens are signed with a key that is used nowhere else.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { Policy } from '../../src/core/assessment.ts';
import { type Facts, NO_FACTS } from '../../src/core/facts.ts';
import { NOTHING_OBSERVED, type Observation } from '../../src/core/observation.ts';
import type { FileFacts, Token, TokenClaims, TokenIdentity } from '../../src/core/token/token.ts';

/** The time of verdicts in tests, in epoch seconds. */
export const NOW = 1_795_480_000;
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
export const POD_UID = '2a54b4a4-4f0d-4c44-9c2e-6e0a1d6cf3a1';
const ACCOUNT_UID = '6a1c9c1e-29b5-4c6b-8d57-0f5f1e6f2b11';
const TOKEN_ID = '0b8f0f5c-5c55-43a4-9c0f-51d6b0a0d9a7';
const HOUR = 3_600;

/** Claims of a projected token, issued at NOW and valid for an hour. */
export function claims(overrides: Partial<TokenClaims> = {}): TokenClaims {
  return {
    kind: 'projected',
    algorithm: 'RS256',
    keyId: 'key-1',
    issuer: ISSUER,
    audiences: ['vault'],
    namespace: 'payments',
    serviceAccount: { name: 'api', uid: ACCOUNT_UID },
    pod: { name: 'api-0', uid: POD_UID },
    node: { name: 'node-1', uid: undefined },
    secret: undefined,
    id: TOKEN_ID,
    issuedAt: NOW,
    notBefore: NOW,
    expiresAt: NOW + HOUR,
    warnAfter: undefined,
    ...overrides,
  };
}

/** Claims of a legacy token, without times. */
export function legacyClaims(overrides: Partial<TokenClaims> = {}): TokenClaims {
  return claims({
    kind: 'legacy',
    issuer: 'kubernetes/serviceaccount',
    audiences: [],
    pod: undefined,
    node: undefined,
    secret: { name: 'api-token', uid: undefined },
    id: undefined,
    issuedAt: undefined,
    notBefore: undefined,
    expiresAt: undefined,
    ...overrides,
  });
}

interface TokenOverrides extends Partial<Omit<Token, 'claims' | 'identity' | 'file'>> {
  readonly claims?: Partial<TokenClaims>;
  readonly identity?: Partial<TokenIdentity>;
  readonly file?: Partial<FileFacts>;
}

/** A token whose identity matches its claims, as from the source. */
export function token(overrides: TokenOverrides = {}): Token {
  const made = claims(overrides.claims);
  return {
    volumeKind: 'projected',
    lastRotation: made.issuedAt,
    mount: { appearedAt: NOW - 3_600, isStacked: false, bootedAt: NOW - 86_400 },
    ...overrides,
    claims: made,
    identity: {
      namespace: made.namespace,
      pod: made.pod?.name ?? '',
      podUid: POD_UID,
      serviceAccount: made.serviceAccount.name,
      volume: 'vault-token',
      path: 'vault-token',
      ...overrides.identity,
    },
    file: { mode: 0o644, uid: 0, gid: 0, modifiedAt: NOW, ...overrides.file },
  };
}

/** A legacy token in a Secret volume. */
export function legacyToken(overrides: TokenOverrides = {}): Token {
  return token({
    volumeKind: 'secret',
    ...overrides,
    claims: legacyClaims(overrides.claims),
    identity: { volume: 'api-token', path: 'token', ...overrides.identity },
  });
}

/** A scan that found one healthy token. */
export function observation(overrides: Partial<Observation> = {}): Observation {
  return {
    ...NOTHING_OBSERVED,
    tokens: [token()],
    scannedAt: NOW,
    scanSeconds: 0.01,
    watches: 1,
    ...overrides,
  };
}

/** Facts after a scan without an API server. */
export function facts(overrides: Partial<Facts> = {}): Facts {
  return { ...NO_FACTS, observation: observation(), ...overrides };
}

/** The policy of the default options. */
export function policy(overrides: Partial<Policy> = {}): Policy {
  return { rotationGrace: 300, syncFrequency: 60, audience: { rules: [], useCatalogue: true }, ...overrides };
}

/** Header or payload of a raw token. Claims that are undefined are left out. */
export type RawClaims = Readonly<Record<string, unknown>>;

export function rawHeader(overrides: RawClaims = {}): RawClaims {
  return { alg: 'ES256', kid: 'key-1', ...overrides };
}

/** Claims of a projected token for a custom audience. */
export function rawClaims(overrides: RawClaims = {}): RawClaims {
  return {
    iss: ISSUER,
    sub: 'system:serviceaccount:payments:api',
    aud: ['vault'],
    iat: NOW,
    nbf: NOW,
    exp: NOW + HOUR,
    jti: TOKEN_ID,
    'kubernetes.io': rawBinding(),
    ...overrides,
  };
}

/** The claim `kubernetes.io` of a projected token. */
export function rawBinding(overrides: RawClaims = {}): RawClaims {
  return {
    namespace: 'payments',
    serviceaccount: { name: 'api', uid: ACCOUNT_UID },
    pod: { name: 'api-0', uid: POD_UID },
    ...overrides,
  };
}

/** Claims of a legacy token. */
export function rawLegacyClaims(overrides: RawClaims = {}): RawClaims {
  return {
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:payments:api',
    'kubernetes.io/serviceaccount/namespace': 'payments',
    'kubernetes.io/serviceaccount/secret.name': 'api-token',
    'kubernetes.io/serviceaccount/service-account.name': 'api',
    'kubernetes.io/serviceaccount/service-account.uid': ACCOUNT_UID,
    ...overrides,
  };
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** Signs a raw token with any header and payload. */
export function jwt(payload: unknown = rawClaims(), header: unknown = rawHeader()): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

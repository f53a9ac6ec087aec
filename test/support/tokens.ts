/**
 * Factories for what the core judges, and for the raw tokens it is read from: healthy unless a test says otherwise.
 *
 * The default token is fresh at NOW, bound to the pod whose folder it lies in, and for the audience that the
 * catalogue expects of its volume. Raw tokens are really encoded and really signed, with a key that signs nothing
 * else.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { Policy } from '../../src/core/assessment.ts';
import { type Facts, NO_FACTS } from '../../src/core/facts.ts';
import type { Observation } from '../../src/core/observation.ts';
import type { FileFacts, Token, TokenClaims, TokenIdentity } from '../../src/core/token.ts';

/** The instant at which tests judge, in epoch seconds. */
export const NOW = 1_795_480_000;
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
export const POD_UID = '2a54b4a4-4f0d-4c44-9c2e-6e0a1d6cf3a1';
const ACCOUNT_UID = '6a1c9c1e-29b5-4c6b-8d57-0f5f1e6f2b11';
const TOKEN_ID = '0b8f0f5c-5c55-43a4-9c0f-51d6b0a0d9a7';
const HOUR = 3_600;

/** Claims of a projected token issued at NOW for an hour. */
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

/** Claims of a token out of a Secret made for it: without any time. */
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

/** A token whose identity follows its claims, as the source makes it. */
export function token(overrides: TokenOverrides = {}): Token {
  const made = claims(overrides.claims);
  return {
    volumeKind: 'projected',
    lastRotation: made.issuedAt,
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

/** What a pass over the node saw: one healthy token. */
export function observation(overrides: Partial<Observation> = {}): Observation {
  return { tokens: [token()], unreadable: [], scannedAt: NOW, scanSeconds: 0.01, watches: 1, ...overrides };
}

/** What the exporter knows after a pass without an API server. */
export function facts(overrides: Partial<Facts> = {}): Facts {
  return { ...NO_FACTS, observation: observation(), ...overrides };
}

/** The defaults of the options. */
export function policy(overrides: Partial<Policy> = {}): Policy {
  return { rotationGrace: 600, audience: { rules: [], useCatalogue: true }, ...overrides };
}

/** JSON as the two parts of a raw token hold it; a claim set to undefined is left out. */
export type RawClaims = Readonly<Record<string, unknown>>;

export function rawHeader(overrides: RawClaims = {}): RawClaims {
  return { alg: 'ES256', kid: 'key-1', ...overrides };
}

/** The claims a kubelet gets for a projected source with an audience of its own. */
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

/** The claims of a token out of a Secret made for it. */
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

/** Signs any two pieces of JSON into a raw token. */
export function jwt(payload: unknown = rawClaims(), header: unknown = rawHeader()): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

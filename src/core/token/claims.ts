/**
 * Reads the claims of a service account token from the JSON of a JWT.
 *
 * The formats are those of k8s.io/kubernetes/pkg/serviceaccount: claims.go (projected) and legacy.go (legacy).
 */
import { type JsonObject, object } from '../../util/json.ts';
import { err, ok, type Result } from '../../util/result.ts';
import * as rules from './claim-rules.ts';
import type { ObjectReference, TokenClaims } from './token.ts';

export type ClaimsError =
  | { readonly reason: 'not_service_account' }
  /** `claim` names the first invalid claim. */
  | { readonly reason: 'invalid_claim'; readonly claim: string };

const LEGACY = 'kubernetes.io/serviceaccount/';
const SUBJECT_PREFIX = 'system:serviceaccount:';

/** Thrown at the first invalid claim and caught in `parseClaims`. */
class InvalidClaim extends Error {
  readonly claim: string;
  constructor(claim: string) {
    super(claim);
    this.claim = claim;
  }
}

type Rule<T> = (value: unknown) => T | undefined;

function required<T>(from: JsonObject, key: string, rule: Rule<T>, name = key): T {
  const value = rule(from[key]);
  if (value === undefined) throw new InvalidClaim(name);
  return value;
}

function optional<T>(from: JsonObject, key: string, rule: Rule<T>, name = key): T | undefined {
  return from[key] === undefined ? undefined : required(from, key, rule, name);
}

function reference(from: JsonObject, key: string): ObjectReference {
  const name = `kubernetes.io.${key}`;
  const found = required(from, key, object, name);
  return {
    name: required(found, 'name', rules.objectName, `${name}.name`),
    uid: optional(found, 'uid', rules.objectUid, `${name}.uid`),
  };
}

function optionalReference(from: JsonObject, key: string): ObjectReference | undefined {
  return from[key] === undefined ? undefined : reference(from, key);
}

type Owner = Pick<
  TokenClaims,
  'kind' | 'audiences' | 'namespace' | 'serviceAccount' | 'pod' | 'node' | 'secret' | 'warnAfter'
>;

function projectedOwner(payload: JsonObject, bound: JsonObject): Owner {
  return {
    kind: 'projected',
    audiences: required(payload, 'aud', rules.audiences),
    namespace: required(bound, 'namespace', rules.namespaceName, 'kubernetes.io.namespace'),
    serviceAccount: reference(bound, 'serviceaccount'),
    pod: optionalReference(bound, 'pod'),
    node: optionalReference(bound, 'node'),
    secret: optionalReference(bound, 'secret'),
    warnAfter: optional(bound, 'warnafter', rules.time, 'kubernetes.io.warnafter'),
  };
}

function legacyOwner(payload: JsonObject): Owner {
  const secretName = optional(payload, `${LEGACY}secret.name`, rules.objectName);
  return {
    kind: 'legacy',
    audiences: optional(payload, 'aud', rules.audiences) ?? [],
    namespace: required(payload, `${LEGACY}namespace`, rules.namespaceName),
    serviceAccount: {
      name: required(payload, `${LEGACY}service-account.name`, rules.objectName),
      uid: optional(payload, `${LEGACY}service-account.uid`, rules.objectUid),
    },
    pod: undefined,
    node: undefined,
    secret: secretName === undefined ? undefined : { name: secretName, uid: undefined },
    warnAfter: undefined,
  };
}

function readOwner(payload: JsonObject): Owner | undefined {
  if (Object.keys(payload).some((claim) => claim.startsWith(LEGACY))) return legacyOwner(payload);
  // Other issuers take over the subject of a service account (Dex, a virtual cluster's proxy), but not this claim.
  if (payload['kubernetes.io'] === undefined) return undefined;
  return projectedOwner(payload, required(payload, 'kubernetes.io', object));
}

/** No schedule can be computed for a token that ends before it begins. */
function assertOrder(claims: TokenClaims): void {
  const { issuedAt = 0, expiresAt = Number.POSITIVE_INFINITY, warnAfter } = claims;
  if (expiresAt <= issuedAt) throw new InvalidClaim('exp');
  if (warnAfter !== undefined && (warnAfter <= issuedAt || warnAfter > expiresAt)) {
    throw new InvalidClaim('kubernetes.io.warnafter');
  }
}

function assertSubject(payload: JsonObject, { namespace, serviceAccount }: Owner): void {
  const expected = `${SUBJECT_PREFIX}${namespace}:${serviceAccount.name}`;
  if (payload['sub'] !== expected) throw new InvalidClaim('sub');
}

function readClaims(header: JsonObject, payload: JsonObject): TokenClaims | undefined {
  const owner = readOwner(payload);
  if (owner === undefined) return undefined;
  assertSubject(payload, owner);
  const claims: TokenClaims = {
    ...owner,
    algorithm: required(header, 'alg', rules.string),
    keyId: optional(header, 'kid', rules.string),
    issuer: required(payload, 'iss', rules.string),
    id: optional(payload, 'jti', rules.string),
    issuedAt: optional(payload, 'iat', rules.time),
    notBefore: optional(payload, 'nbf', rules.time),
    expiresAt: optional(payload, 'exp', rules.time),
  };
  assertOrder(claims);
  return claims;
}

/**
 * Reads claims from the JSON of the header and the payload.
 *
 * An error names the first invalid claim, never its value.
 */
export function parseClaims(header: unknown, payload: unknown): Result<TokenClaims, ClaimsError> {
  const [headerObject, payloadObject] = [object(header), object(payload)];
  if (headerObject === undefined || payloadObject === undefined)
    return err({ reason: 'not_service_account' });
  try {
    const claims = readClaims(headerObject, payloadObject);
    return claims === undefined ? err({ reason: 'not_service_account' }) : ok(claims);
  } catch (error) {
    if (error instanceof InvalidClaim) return err({ reason: 'invalid_claim', claim: error.claim });
    throw error;
  }
}

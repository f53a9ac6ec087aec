/**
 * What the API server checks of a token's claims once it trusts them, in its order, and how it words a refusal.
 *
 * Rules and words: k8s.io/kubernetes/pkg/serviceaccount, claims.go and legacy.go. Knows nothing of signatures.
 */
import { parseApiTime } from '../api-time.ts';
import type { Cluster } from '../cluster.ts';
import { isObject, type JsonObject } from '../jwt.ts';
import type { ObjectMeta } from '../objects.ts';

export interface Subject {
  readonly cluster: Cluster;
  readonly token: string;
  readonly claims: JsonObject;
}

/** The words of a refusal, or undefined where all is well. */
type Check = (subject: Subject) => string | undefined;

/** The API server forgives clocks, and objects that are going, a minute. */
const LEEWAY_SECONDS = 60;
const INVALIDATED = 'service account token has been invalidated';

export function textOf(object: unknown, name: string): string {
  const value = isObject(object) ? object[name] : undefined;
  return typeof value === 'string' ? value : '';
}

/** A part of the claim `kubernetes.io`; undefined where it is not there. */
export function bindingOf({ claims }: Subject, name: string): JsonObject | undefined {
  const all = claims['kubernetes.io'];
  const value = isObject(all) ? all[name] : undefined;
  return isObject(value) ? value : undefined;
}

function namespaceOf({ claims }: Subject): string {
  return textOf(claims['kubernetes.io'], 'namespace');
}

function isGone({ deletionTimestamp }: ObjectMeta, now: number): boolean {
  return deletionTimestamp !== undefined && parseApiTime(deletionTimestamp) < now - LEEWAY_SECONDS;
}

const checkTimes: Check = ({ cluster, claims }) => {
  const { nbf, exp, iat } = claims;
  const now = cluster.now();
  if (typeof nbf === 'number' && now + LEEWAY_SECONDS < nbf) return 'service account token is not valid yet';
  if (typeof exp === 'number' && now - LEEWAY_SECONDS > exp) return 'service account token has expired';
  if (typeof iat === 'number' && now + LEEWAY_SECONDS < iat)
    return 'service account token is issued in the future';
  return undefined;
};

const checkAccount: Check = (subject) => {
  const { cluster } = subject;
  const [namespace, claimed] = [namespaceOf(subject), bindingOf(subject, 'serviceaccount')];
  const [name, claimedUid] = [textOf(claimed, 'name'), textOf(claimed, 'uid')];
  const account = cluster.serviceAccount(namespace, name);
  if (account === undefined) return `serviceaccounts "${name}" not found`;
  const { uid } = account.metadata;
  if (uid !== claimedUid) return `service account UID (${uid}) does not match claim (${claimedUid})`;
  return isGone(account.metadata, cluster.now())
    ? `service account ${namespace}/${name} has been deleted`
    : undefined;
};

const checkBound =
  (kind: 'secret' | 'pod', title: string): Check =>
  (subject) => {
    const { cluster } = subject;
    const claimed = bindingOf(subject, kind);
    if (claimed === undefined) return undefined;
    const object = cluster[kind](namespaceOf(subject), textOf(claimed, 'name'));
    if (object === undefined) return INVALIDATED;
    const [{ uid }, claimedUid] = [object.metadata, textOf(claimed, 'uid')];
    if (uid !== claimedUid)
      return `${title} UID (${uid}) does not match service account ${kind} ref claim (${claimedUid})`;
    return isGone(object.metadata, cluster.now()) ? INVALIDATED : undefined;
  };

const LEGACY = 'kubernetes.io/serviceaccount/';

/** Of the four claims of a token out of a Secret. */
export function legacyClaim({ claims }: Subject, name: string): string {
  return textOf(claims, `${LEGACY}${name}`);
}

const checkSecretToken: Check = (subject) => {
  const { cluster, token } = subject;
  const secret = cluster.secret(legacyClaim(subject, 'namespace'), legacyClaim(subject, 'secret.name'));
  if (secret === undefined) return 'Token has been invalidated';
  return secret.data['token'] === token ? undefined : "Token does not match server's copy";
};

const checkSecretAccount: Check = (subject) => {
  const [name, claimedUid] = [
    legacyClaim(subject, 'service-account.name'),
    legacyClaim(subject, 'service-account.uid'),
  ];
  const account = subject.cluster.serviceAccount(legacyClaim(subject, 'namespace'), name);
  if (account === undefined) return `serviceaccounts "${name}" not found`;
  const { uid } = account.metadata;
  return uid === claimedUid ? undefined : `ServiceAccount UID (${uid}) does not match claim (${claimedUid})`;
};

export const PROJECTED_CHECKS: readonly Check[] = [
  checkTimes,
  checkAccount,
  checkBound('secret', 'secret'),
  checkBound('pod', 'pod'),
];

export const LEGACY_CHECKS: readonly Check[] = [checkSecretToken, checkSecretAccount];

/** The first refusal. */
export function firstRefusal(checks: readonly Check[], subject: Subject): string | undefined {
  for (const check of checks) {
    const refusal = check(subject);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * The checks of the API server on the claims of a token with a valid signature, in its order and with its messages.
 *
 * Source of the rules: k8s.io/kubernetes/pkg/serviceaccount, claims.go and legacy.go.
 */
import { parseApiTime } from '../api-time.ts';
import type { Cluster } from '../cluster.ts';
import { isObject, type JsonObject, stringField } from '../jwt.ts';
import type { ObjectMeta } from '../objects.ts';

export interface CheckInput {
  readonly cluster: Cluster;
  readonly token: string;
  readonly claims: JsonObject;
}

/** Returns the error message, or undefined if the check passes. */
type Check = (input: CheckInput) => string | undefined;

/** Tolerance for clock differences and for objects that are being deleted. */
const LEEWAY_SECONDS = 60;
const INVALIDATED = 'service account token has been invalidated';

/** A field of the `kubernetes.io` claim. */
export function bindingOf({ claims }: CheckInput, name: string): JsonObject | undefined {
  const all = claims['kubernetes.io'];
  const value = isObject(all) ? all[name] : undefined;
  return isObject(value) ? value : undefined;
}

function namespaceOf({ claims }: CheckInput): string {
  return stringField(claims['kubernetes.io'], 'namespace');
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

const checkAccount: Check = (input) => {
  const { cluster } = input;
  const [namespace, claimed] = [namespaceOf(input), bindingOf(input, 'serviceaccount')];
  const [name, claimedUid] = [stringField(claimed, 'name'), stringField(claimed, 'uid')];
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
  (input) => {
    const { cluster } = input;
    const claimed = bindingOf(input, kind);
    if (claimed === undefined) return undefined;
    const object = cluster[kind](namespaceOf(input), stringField(claimed, 'name'));
    if (object === undefined) return INVALIDATED;
    const [{ uid }, claimedUid] = [object.metadata, stringField(claimed, 'uid')];
    if (uid !== claimedUid)
      return `${title} UID (${uid}) does not match service account ${kind} ref claim (${claimedUid})`;
    return isGone(object.metadata, cluster.now()) ? INVALIDATED : undefined;
  };

const LEGACY = 'kubernetes.io/serviceaccount/';

/** One of the four `kubernetes.io/serviceaccount/` claims of a legacy token. */
export function legacyClaim({ claims }: CheckInput, name: string): string {
  return stringField(claims, `${LEGACY}${name}`);
}

const checkSecretToken: Check = (input) => {
  const { cluster, token } = input;
  const secret = cluster.secret(legacyClaim(input, 'namespace'), legacyClaim(input, 'secret.name'));
  if (secret === undefined) return 'Token has been invalidated';
  return secret.data['token'] === token ? undefined : "Token does not match server's copy";
};

const checkSecretAccount: Check = (input) => {
  const [name, claimedUid] = [
    legacyClaim(input, 'service-account.name'),
    legacyClaim(input, 'service-account.uid'),
  ];
  const account = input.cluster.serviceAccount(legacyClaim(input, 'namespace'), name);
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

const INVALID_LABEL = 'kubernetes.io/legacy-token-invalid-since';

/** The legacy token cleaner of the control plane sets the label. */
const checkSecretLabel: Check = (input) => {
  if (!input.cluster.version.marksUnusedSecrets) return undefined;
  const [namespace, name] = [legacyClaim(input, 'namespace'), legacyClaim(input, 'secret.name')];
  if (input.cluster.secret(namespace, name)?.metadata.labels?.[INVALID_LABEL] === undefined) return undefined;
  const account = `${namespace}/${legacyClaim(input, 'service-account.name')}`;
  return `the token in secret ${namespace}/${name} for service account ${account} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${INVALID_LABEL}' label from the secret to temporarily allow use of this token`;
};

export const LEGACY_CHECKS: readonly Check[] = [checkSecretToken, checkSecretAccount, checkSecretLabel];

/** Returns the message of the first check that fails. */
export function firstFailure(checks: readonly Check[], input: CheckInput): string | undefined {
  for (const check of checks) {
    const message = check(input);
    if (message !== undefined) return message;
  }
  return undefined;
}

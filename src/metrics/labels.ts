/**
 * Labels as text, and the labels of a token's series.
 *
 * The raw token is in no label: only what it claims is.
 */
import type { Origin } from '../core/origin.ts';
import { kindOf, type Token, type TokenIdentity } from '../core/token/token.ts';

const SPECIAL = /[\\"\n]/;

/** Escapes a label value. The rules are those of both exposition formats. */
export function escapeLabel(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** `a="1",b="2"`, in the order of the properties. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

/** Identify a token: unique on the node, and unchanged by a rotation. */
export const TOKEN_LABELS: readonly string[] = [
  'node',
  'namespace',
  'pod',
  'pod_uid',
  'serviceaccount',
  'volume',
  'path',
];
/** The further labels of `satoken_info`. */
export const INFO_LABELS: readonly string[] = [
  'kind',
  'origin',
  'issuer',
  'audience',
  'key_id',
  'extended',
  'subject_namespace',
];

/** The label text of a token's series. */
export interface TokenText {
  /** `TOKEN_LABELS`. */
  readonly identity: string;
  /** `TOKEN_LABELS` and `INFO_LABELS`. */
  readonly info: string;
}

/** The text of `TOKEN_LABELS`, also for a token that is missing. */
export function identityText(node: string, identity: TokenIdentity): string {
  const { namespace, pod, podUid, serviceAccount, volume, path } = identity;
  return labelText({ node, namespace, pod, pod_uid: podUid, serviceaccount: serviceAccount, volume, path });
}

function infoText(token: Token, origin: Origin): string {
  const { claims, identity } = token;
  return labelText({
    kind: kindOf(token),
    origin,
    issuer: claims.issuer,
    audience: claims.audiences.join(','),
    key_id: claims.keyId ?? '',
    extended: String(claims.warnAfter !== undefined),
    subject_namespace: claims.namespace === identity.namespace ? '' : claims.namespace,
  });
}

/** Returns a function that makes the text once for each token and origin and keeps it as long as the token. */
export function createTokenText(node: string): (token: Token, origin: Origin) => TokenText {
  const cache = new WeakMap<Token, { readonly origin: Origin; readonly text: TokenText }>();
  return (token, origin) => {
    const cached = cache.get(token);
    if (cached?.origin === origin) return cached.text;
    const identity = cached?.text.identity ?? identityText(node, token.identity);
    const text = { identity, info: `${identity},${infoText(token, origin)}` };
    cache.set(token, { origin, text });
    return text;
  };
}

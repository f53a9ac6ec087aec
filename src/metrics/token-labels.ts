/**
 * The labels of a token's series as text, made once per token and kept as long as it is.
 *
 * Knows nothing of metrics. The token itself is in no label: what it claims of itself is.
 */
import type { Token, TokenIdentity } from '../core/token.ts';
import { labelText } from './labels.ts';

/** What names a token: nothing that changes at a rotation, and never the same for two tokens. */
export const TOKEN_LABELS: readonly string[] = [
  'node',
  'namespace',
  'pod',
  'pod_uid',
  'serviceaccount',
  'volume',
  'path',
];
/** What `satoken_info` tells beside. */
export const INFO_LABELS: readonly string[] = ['kind', 'issuer', 'audience', 'key_id', 'extended'];

export interface TokenText {
  readonly identity: string;
  readonly info: string;
}

/** The labels that name a token, be it there or missing. */
export function identityText(node: string, identity: TokenIdentity): string {
  const { namespace, pod, podUid, serviceAccount, volume, path } = identity;
  return labelText({ node, namespace, pod, pod_uid: podUid, serviceaccount: serviceAccount, volume, path });
}

function infoLabels({ claims }: Token): Readonly<Record<string, string>> {
  return {
    kind: claims.kind,
    issuer: claims.issuer,
    audience: claims.audiences.join(','),
    key_id: claims.keyId ?? '',
    extended: String(claims.warnAfter !== undefined),
  };
}

/** Makes the function that answers the label text of the tokens of `node`. */
export function createTokenText(node: string): (token: Token) => TokenText {
  const texts = new WeakMap<Token, TokenText>();
  return (token) => {
    const known = texts.get(token);
    if (known !== undefined) return known;
    const identity = identityText(node, token.identity);
    const made = { identity, info: `${identity},${labelText(infoLabels(token))}` };
    texts.set(token, made);
    return made;
  };
}

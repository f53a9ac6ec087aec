/**
 * What signs tokens, and the names it signs under.
 *
 * Knows nothing of claims or objects.
 */
import { createSigningKey, type SigningAlgorithm, type SigningKey } from './signing-key.ts';

export interface AuthorityOptions {
  readonly algorithm?: SigningAlgorithm;
  readonly issuer?: string;
  /** `--api-audiences`; the issuer by default. */
  readonly audiences?: readonly string[];
}

export interface Authority {
  readonly issuer: () => string;
  readonly audiences: () => readonly string[];
  /** Every key that is published; the first one signs. */
  readonly keys: () => readonly SigningKey[];
  readonly sign: (payload: unknown) => string;
  /** Signs with a new key; the old one stays published unless it is withdrawn. */
  readonly changeKey: (isOldKept: boolean) => void;
  readonly changeIssuer: (issuer: string) => void;
}

const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

export function createAuthority(options: AuthorityOptions): Authority {
  const { algorithm = 'ES256', audiences } = options;
  let issuer = options.issuer ?? DEFAULT_ISSUER;
  let first = createSigningKey(algorithm);
  let keys: readonly SigningKey[] = [first];
  return {
    issuer: () => issuer,
    audiences: () => audiences ?? [issuer],
    keys: () => keys,
    sign: (payload) => first.sign(payload),
    changeKey: (isOldKept) => {
      first = createSigningKey(algorithm);
      keys = isOldKept ? [first, ...keys] : [first];
    },
    changeIssuer: (to) => {
      issuer = to;
    },
  };
}

/**
 * Tokens that this cluster did not issue: of other clusters, of virtual clusters, and of other services.
 *
 * The API server of the cluster must never see them. It remembers them here, by digest, to recognize one in a review.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createAuthority } from './authority.ts';
import { legacyClaims, projectedClaims, type Reference } from './claims.ts';

const digests = new Set<string>();

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

export function isForeign(token: string): boolean {
  return digests.has(digestOf(token));
}

const YEAR = 31_536_000;

export interface ForeignIssuer {
  /** Signs any claims, as GitLab or Dex do for theirs. */
  readonly sign: (claims: unknown) => string;
  /** A token of a pod of a virtual cluster: valid for ten years, bound to the virtual pod. */
  readonly virtualPodToken: (namespace: string, pod: Reference, serviceAccount: string) => string;
  /** A token for the API server of that cluster that is not bound to an object. */
  readonly accessToken: (namespace: string, serviceAccount: string) => string;
  /** A token of the legacy kind, without expiration. */
  readonly legacyToken: (namespace: string, secretName: string, serviceAccount: string) => string;
}

export interface ForeignIssuerOptions {
  /** Epoch seconds. */
  readonly now: () => number;
  /** Defaults to the issuer that most clusters have in common. */
  readonly issuer?: string;
}

export function createForeignIssuer({ now, issuer }: ForeignIssuerOptions): ForeignIssuer {
  const authority = createAuthority(issuer === undefined ? {} : { issuer });
  const sign = (claims: unknown): string => {
    const token = authority.sign(claims);
    digests.add(digestOf(token));
    return token;
  };
  const account = (name: string): Reference => ({ name, uid: randomUUID() });

  const virtualPodToken = (namespace: string, pod: Reference, serviceAccount: string): string => {
    const request = {
      issuer: authority.issuer(),
      audiences: [authority.issuer(), 'https://kubernetes.default.svc', 'https://kubernetes.default'],
      namespace,
      serviceAccount: account(serviceAccount),
      pod,
      node: undefined,
      expirationSeconds: 10 * YEAR,
      extendedSeconds: undefined,
      id: randomUUID(),
    };
    return sign(projectedClaims(request, now()));
  };

  const accessToken = (namespace: string, serviceAccount: string): string => {
    const issuedAt = Math.floor(now());
    return sign({
      aud: [authority.issuer()],
      exp: issuedAt + YEAR,
      iat: issuedAt,
      iss: authority.issuer(),
      jti: randomUUID(),
      'kubernetes.io': { namespace, serviceaccount: account(serviceAccount) },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    });
  };

  const legacyToken = (namespace: string, secretName: string, serviceAccount: string): string =>
    sign(legacyClaims({ namespace, serviceAccount: account(serviceAccount), secretName }));
  return { sign, virtualPodToken, accessToken, legacyToken };
}

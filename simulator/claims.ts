/**
 * The claims of service account tokens as the API server issues them.
 *
 * Modeled on captured tokens and k8s.io/kubernetes/pkg/serviceaccount; shares no code with the decoder in `src/`. Times
 * are epoch seconds.
 */

/**
 * The lifetime that admission requests for a pod that says nothing, and the only one that the API server extends
 * (`WarnOnlyBoundTokenExpirationSeconds` in k8s.io/kubernetes/pkg/serviceaccount).
 */
export const DEFAULT_TOKEN_SECONDS = 3607;

export interface Reference {
  readonly name: string;
  readonly uid: string;
}

export interface ProjectedRequest {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly namespace: string;
  readonly serviceAccount: Reference;
  readonly pod: Reference;
  /** Undefined before 1.30. */
  readonly node: Reference | undefined;
  readonly expirationSeconds: number;
  /** The lifetime that the API server extends the token to, as it does for default tokens. */
  readonly extendedSeconds: number | undefined;
  /** Undefined before 1.30. */
  readonly id: string | undefined;
}

export function projectedClaims(request: ProjectedRequest, now: number) {
  const { issuer, audiences, namespace, serviceAccount, pod, node, expirationSeconds, extendedSeconds, id } =
    request;
  const issuedAt = Math.floor(now);
  const requestedEnd = issuedAt + expirationSeconds;
  return {
    aud: audiences,
    exp: issuedAt + (extendedSeconds ?? expirationSeconds),
    iat: issuedAt,
    iss: issuer,
    ...(id === undefined ? {} : { jti: id }),
    'kubernetes.io': {
      namespace,
      ...(node === undefined ? {} : { node }),
      pod,
      serviceaccount: serviceAccount,
      ...(extendedSeconds === undefined ? {} : { warnafter: requestedEnd }),
    },
    nbf: issuedAt,
    sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
  };
}

export interface LegacyRequest {
  readonly namespace: string;
  readonly serviceAccount: Reference;
  readonly secretName: string;
}

/** The claims that the token controller writes into a Secret: no audience, no times. */
export function legacyClaims({ namespace, serviceAccount, secretName }: LegacyRequest) {
  const prefix = 'kubernetes.io/serviceaccount';
  return {
    iss: prefix.replace('.io', ''),
    [`${prefix}/namespace`]: namespace,
    [`${prefix}/secret.name`]: secretName,
    [`${prefix}/service-account.name`]: serviceAccount.name,
    [`${prefix}/service-account.uid`]: serviceAccount.uid,
    sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
  };
}

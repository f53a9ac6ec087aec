/**
 * API objects as an API server sends them, valid unless a test overrides a field.
 */
import type { KeyObject } from 'node:crypto';
import { ISSUER, POD_UID } from '../../support/tokens.ts';

export type Json = Readonly<Record<string, unknown>>;

export const STARTED = '2026-11-24T06:26:40Z';

export function metadata(overrides: Json = {}): Json {
  return { name: 'api-0', namespace: 'payments', uid: POD_UID, resourceVersion: '1', ...overrides };
}

const DEFAULT_MOUNT: Json = {
  name: 'kube-api-access-abcde',
  mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
};

/** A running pod with the default token volume. */
export function pod(overrides: Json = {}): Json {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: metadata(),
    spec: {
      nodeName: 'node-1',
      serviceAccountName: 'api',
      containers: [{ name: 'main', volumeMounts: [DEFAULT_MOUNT] }],
      volumes: [defaultVolume()],
    },
    status: { phase: 'Running', startTime: STARTED },
    ...overrides,
  };
}

export function projected(name: string, ...sources: readonly Json[]): Json {
  return { name, projected: { defaultMode: 420, sources } };
}

export function tokenSource(overrides: Json = {}): Json {
  return { serviceAccountToken: { path: 'token', expirationSeconds: 3607, ...overrides } };
}

export function defaultVolume(): Json {
  return projected('kube-api-access-abcde', tokenSource(), { configMap: { name: 'kube-root-ca.crt' } });
}

export function account(overrides: Json = {}): Json {
  return {
    kind: 'ServiceAccount',
    apiVersion: 'v1',
    metadata: metadata({ name: 'api', uid: 'account-uid' }),
    ...overrides,
  };
}

export function list(kind: string, items: readonly unknown[], version = '1') {
  return { kind: `${kind}List`, apiVersion: 'v1', metadata: { resourceVersion: version }, items };
}

export function bookmark(kind: string, resourceVersion: string): Json {
  return { type: 'BOOKMARK', object: { kind, metadata: { resourceVersion } } };
}

export function failedMount(message: string, overrides: Json = {}): Json {
  return {
    metadata: { name: 'api-0.17', namespace: 'payments', creationTimestamp: STARTED },
    involvedObject: { kind: 'Pod', uid: POD_UID },
    reason: 'FailedMount',
    message,
    lastTimestamp: STARTED,
    ...overrides,
  };
}

/** A key as published in a JSON Web Key Set. */
export function jwk(kid: string, publicKey: KeyObject): Json {
  return { use: 'sig', kid, alg: 'ES256', ...publicKey.export({ format: 'jwk' }) };
}

export const DISCOVERY: Json = { issuer: ISSUER, jwks_uri: 'https://198.51.100.10/openid/v1/jwks' };
export const STARTED_AT = Date.parse(STARTED) / 1_000;

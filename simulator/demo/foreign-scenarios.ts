/**
 * Scenarios with tokens that this cluster did not issue: of virtual clusters, of other clusters, of other services.
 *
 * Each pod works. Nothing about it is a problem of this cluster.
 */
import { randomUUID } from 'node:crypto';
import { createForeignIssuer, type ForeignIssuer } from '../foreign.ts';
import type { Volume, VolumeProjection } from '../objects.ts';
import type { World } from '../world.ts';
import { NAMESPACE, type Scenario } from './scenarios.ts';

/** Where the containers of a virtual pod find what they take for their default token. */
const DEFAULT_VOLUME = 'kube-api-access-9zbwx';
const SECONDS_AGO = 300;

function issuerOf({ cluster }: World, issuer?: string): ForeignIssuer {
  return createForeignIssuer({ now: cluster.now, ...(issuer === undefined ? {} : { issuer }) });
}

function addSecret({ cluster }: World, name: string, data: Readonly<Record<string, string>>): void {
  cluster.addSecret({ metadata: { name, namespace: NAMESPACE, uid: randomUUID() }, type: 'Opaque', data });
}

/** The default volume of a virtual pod: as admission writes it, with another source for the token. */
function virtualVolume(token: VolumeProjection): Volume {
  const namespace = { path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } };
  const certificate = { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] };
  const sources = [token, { configMap: certificate }, { downwardAPI: { items: [namespace] } }];
  return { name: DEFAULT_VOLUME, projected: { sources } };
}

function virtualToken(world: World, name: string, issuer?: string): string {
  return issuerOf(world, issuer).virtualPodToken('tenant', { name, uid: randomUUID() }, 'default');
}

/** vcluster: the token is an annotation of the pod, which the downward API writes to the volume. */
export const vclusterPod: Scenario = (world, name) => {
  const key = 'vcluster.loft.sh/token-ejijuegk';
  const item = { path: 'token', fieldRef: { fieldPath: `metadata.annotations['${key}']` } };
  world.run(
    {
      name: `${name}-x-tenant-x-virtual`,
      namespace: NAMESPACE,
      isAutomounted: false,
      annotations: { [key]: virtualToken(world, name) },
      volumes: [virtualVolume({ downwardAPI: { items: [item] } })],
    },
    SECONDS_AGO,
  );
};

/** k3k: the token is in a Secret, which is a source of the projected volume. */
export const k3kPod: Scenario = (world, name) => {
  addSecret(world, `${name}-token`, { token: virtualToken(world, name, 'https://k3k.example') });
  world.run(
    {
      name,
      namespace: NAMESPACE,
      isAutomounted: false,
      volumes: [
        virtualVolume({ secret: { name: `${name}-token`, items: [{ key: 'token', path: 'token' }] } }),
      ],
    },
    SECONDS_AGO,
  );
};

function secretPod(tokenOf: (world: World, name: string) => string): Scenario {
  return (world, name) => {
    addSecret(world, `${name}-credentials`, { token: tokenOf(world, name) });
    const volumes = [{ name: 'credentials', secret: { secretName: `${name}-credentials` } }];
    world.run({ name, namespace: NAMESPACE, isAutomounted: false, volumes }, SECONDS_AGO);
  };
}

/** A token of another cluster, as managed-serviceaccount copies them. */
export const otherClusterToken = secretPod((world) => issuerOf(world).accessToken('fleet', 'manager'));

/** A token of the legacy kind of another cluster, as Argo CD and submariner mount them. */
export const otherClusterLegacyToken = secretPod((world) =>
  issuerOf(world).legacyToken('kube-system', 'argocd-manager-long-lived-token', 'argocd-manager'),
);

/** A JWT of another service, for a subject of its own. */
export const serviceToken = secretPod((world, name) => {
  const issuedAt = Math.floor(world.cluster.now());
  return issuerOf(world).sign({
    iss: 'https://gitlab.example',
    sub: `project_path:team/${name}:ref_type:branch:ref:main`,
    aud: 'https://vault.example',
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + 3_600,
    jti: randomUUID(),
  });
});

/** A JWT of another service, for a service account and without a `kubernetes.io` claim, as Dex issues after an exchange. */
export const exchangedToken = secretPod((world) => {
  const issuedAt = Math.floor(world.cluster.now());
  return issuerOf(world).sign({
    iss: 'https://dex.example',
    sub: `system:serviceaccount:${NAMESPACE}:default`,
    aud: 'kubernetes',
    iat: issuedAt,
    exp: issuedAt + 86_400,
  });
});

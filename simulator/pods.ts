/**
 * Makes pods as they are after admission: with an account, a node, and the default token's volume.
 *
 * Rules: the admission plugin ServiceAccount (k8s.io/kubernetes/plugin/pkg/admission/serviceaccount).
 */
import { randomUUID } from 'node:crypto';
import type { Cluster } from './cluster.ts';
import type { Container, Pod, TokenProjection, Volume } from './objects.ts';
import { runningStatus } from './pod-status.ts';

export interface PodOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly serviceAccount?: string;
  readonly nodeName?: string;
  readonly isAutomounted?: boolean;
  readonly volumes?: readonly Volume[];
  readonly containers?: readonly Container[];
  readonly runAsUser?: number;
  readonly fsGroup?: number;
}

/** k8s.io/apimachinery/pkg/util/rand: no vowels, no look-alikes. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const DEFAULT_TOKEN_SECONDS = 3607;

function suffix(): string {
  return Array.from({ length: 5 }, () => ALPHABET[Math.floor(Math.random() * ALPHABET.length)]).join('');
}

/** The volume that automounting adds. */
function defaultVolume(): Volume {
  const namespace = { path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } };
  return {
    name: `kube-api-access-${suffix()}`,
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: DEFAULT_TOKEN_SECONDS } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [namespace] } },
      ],
    },
  };
}

/** A volume of tokens alone. */
export function tokenVolume(name: string, ...tokens: readonly TokenProjection[]): Volume {
  return { name, projected: { sources: tokens.map((serviceAccountToken) => ({ serviceAccountToken })) } };
}

/** Creates the pod, its account and its namespace's certificate where they are not there yet. */
export function createPod(cluster: Cluster, options: PodOptions): Pod {
  const { name, namespace = 'default', serviceAccount = 'default', runAsUser, fsGroup } = options;
  const account = cluster.createServiceAccount(namespace, serviceAccount);
  if (cluster.configMap(namespace, 'kube-root-ca.crt') === undefined)
    cluster.setConfigMap(namespace, 'kube-root-ca.crt', { 'ca.crt': 'a certificate\n' });
  const { isAutomounted } = options;
  const isDefaultAdded = isAutomounted ?? account.automountServiceAccountToken ?? true;
  return {
    metadata: { name, namespace, uid: options.uid ?? randomUUID() },
    spec: {
      nodeName: options.nodeName ?? 'node-1',
      serviceAccountName: serviceAccount,
      ...(isAutomounted === undefined ? {} : { automountServiceAccountToken: isAutomounted }),
      securityContext: {
        ...(runAsUser === undefined ? {} : { runAsUser }),
        ...(fsGroup === undefined ? {} : { fsGroup }),
      },
      containers: options.containers ?? [{ name: 'main' }],
      volumes: [...(options.volumes ?? []), ...(isDefaultAdded ? [defaultVolume()] : [])],
    },
    status: runningStatus(cluster.now()),
  };
}

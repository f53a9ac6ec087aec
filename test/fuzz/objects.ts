/**
 * Generated objects of the API server: valid ones of the generated node, with random changes.
 */
import {
  DISCOVERY,
  failedMount,
  metadata,
  pod,
  projected,
  tokenSource,
} from '../sources/api-server/objects.ts';
import { accountName, namespaceOf, PODS, podName, podUid, VOLUMES } from './names.ts';
import type { Random } from './random.ts';
import { type Json, maybeMutated, text } from './values.ts';

function source(random: Random): Json {
  return random.oneOf<Json>(
    () => tokenSource({ path: random.pick(['token', 'd/token', 'd//token', './token', text(random)]) }),
    () => tokenSource({ audience: text(random) }),
    () => ({ secret: { name: random.pick(['legacy', 'other', text(random)]) } }),
    () => ({ configMap: { name: 'kube-root-ca.crt' } }),
  );
}

function volume(random: Random): Json {
  const name = random.isOneIn(20) ? text(random) : random.pick(VOLUMES);
  return random.oneOf<Json>(
    () => projected(name, ...random.list(4, () => source(random))),
    () => projected(name, ...random.list(4, () => source(random))),
    () => ({ name, secret: { secretName: random.pick(['legacy', 'other']) } }),
    () => ({ name, persistentVolumeClaim: { claimName: `claim-${random.below(4)}` } }),
  );
}

function containers(random: Random): readonly Json[] {
  return random.list(2, () => ({
    name: 'main',
    volumeMounts: random.list(3, () => ({
      name: random.pick(VOLUMES),
      mountPath: random.pick(['/var/run/secrets/kubernetes.io/serviceaccount', '/vault', text(random)]),
    })),
  }));
}

function generatePod(random: Random, version: string): Json {
  const index = random.below(PODS);
  const namespace = namespaceOf(index);
  return pod({
    metadata: metadata({ name: podName(index), namespace, uid: podUid(index), resourceVersion: version }),
    spec: {
      nodeName: 'node-1',
      serviceAccountName: accountName(random.below(8)),
      containers: containers(random),
      volumes: random.list(4, () => volume(random)),
    },
    status: { phase: random.pick(['Running', 'Running', 'Pending', 'Succeeded', 'Failed', text(random)]) },
  });
}

function generateAccount(random: Random, version: string): Json {
  const name = accountName(random.below(8));
  const namespace = namespaceOf(random.below(4));
  const uid = random.isOneIn(4) ? text(random) : `uid-of-${name}`;
  return {
    kind: 'ServiceAccount',
    apiVersion: 'v1',
    metadata: metadata({ name, namespace, uid, resourceVersion: version }),
  };
}

function generateEvent(random: Random): Json {
  return failedMount(text(random), { involvedObject: { kind: 'Pod', uid: podUid(random.below(PODS)) } });
}

export type Resource = 'pods' | 'serviceaccounts' | 'events';

const KINDS = { pods: 'Pod', serviceaccounts: 'ServiceAccount', events: 'Event' } as const;
const GENERATORS = { pods: generatePod, serviceaccounts: generateAccount, events: generateEvent } as const;

export function kindOf(resource: Resource): string {
  return KINDS[resource];
}

export function generateObject(random: Random, resource: Resource, version: string): unknown {
  return maybeMutated(random, GENERATORS[resource](random, version));
}

const EVENT_TYPES = ['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED', 'BOOKMARK'];
/** How many events a watch lives on average: an error, or an event of another type, ends it. */
const EVENTS_PER_WATCH = 20_000;

/** A line of a watch. */
export function generateWatchEvent(random: Random, resource: Resource, version: string): unknown {
  const object = generateObject(random, resource, version);
  if (random.isOneIn(EVENTS_PER_WATCH)) return { type: random.pick(['ERROR', text(random)]), object };
  const isObject = typeof object === 'object' && object !== null;
  return {
    type: random.pick(EVENT_TYPES),
    object: isObject ? { ...object, kind: kindOf(resource) } : object,
  };
}

const KEYS = {
  keys: ['key-0', 'key-1', 'key-2'].map((kid) => ({
    use: 'sig',
    kty: 'RSA',
    alg: 'RS256',
    kid,
    n: 'AQAB',
    e: 'AQAB',
  })),
};

/** Responses that are no lists. */
export function generateDocument(random: Random, path: string): unknown {
  if (path.includes('openid-configuration')) return maybeMutated(random, DISCOVERY);
  if (path.includes('jwks')) return maybeMutated(random, KEYS);
  return maybeMutated(random, {
    kind: 'Status',
    status: { authenticated: random.isOneIn(2), error: text(random) },
  });
}

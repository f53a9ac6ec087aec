/**
 * Pods as the API server stores them: with a service account, a node and the volume of the default token after
 * admission, and with the status of a running or completed pod.
 *
 * Source of the rules: the ServiceAccount admission plugin (k8s.io/kubernetes/plugin/pkg/admission/serviceaccount).
 * Source of the conditions: captured pods.
 */
import { randomUUID } from 'node:crypto';
import { apiTime } from './api-time.ts';
import { DEFAULT_TOKEN_SECONDS } from './claims.ts';
import type { Cluster } from './cluster.ts';
import type { Container, ContainerStatus, Pod, PodCondition, TokenProjection, Volume } from './objects.ts';

export interface PodOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly serviceAccount?: string;
  readonly nodeName?: string;
  readonly isAutomounted?: boolean;
  readonly volumes?: readonly Volume[];
  /** Default: one container that mounts every volume. */
  readonly containers?: readonly Container[];
  /** Have ended, except restartable ones. */
  readonly initContainers?: readonly Container[];
  readonly runAsUser?: number;
  readonly fsGroup?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** `terminationGracePeriodSeconds`; 30 by default. */
  readonly graceSeconds?: number;
  readonly runtimeClassName?: string;
  /** When the containers were started; with the pod by default. */
  readonly containersAt?: number;
}

/** The alphabet of k8s.io/apimachinery/pkg/util/rand: no vowels, no look-alikes. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

function randomSuffix(): string {
  return Array.from({ length: 5 }, () => ALPHABET[Math.floor(Math.random() * ALPHABET.length)]).join('');
}

/** The volume that admission adds to pods with automounting. */
function defaultVolume(): Volume {
  const namespace = { path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } };
  return {
    name: `kube-api-access-${randomSuffix()}`,
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: DEFAULT_TOKEN_SECONDS } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [namespace] } },
      ],
    },
  };
}

/** Where admission mounts the default token. */
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

function mounting(
  container: Container,
  volumes: readonly Volume[],
  pathOf: (volume: Volume) => string,
): Container {
  const mounts = volumes.map((volume) => ({ name: volume.name, mountPath: pathOf(volume) }));
  return { ...container, volumeMounts: [...(container.volumeMounts ?? []), ...mounts] };
}

function containersOf(
  { containers, volumes = [] }: PodOptions,
  defaultVolumes: readonly Volume[],
): readonly Container[] {
  const given = containers ?? [mounting({ name: 'main' }, volumes, ({ name }) => `/var/run/secrets/${name}`)];
  return given.map((container) => mounting(container, defaultVolumes, () => TOKEN_PATH));
}

/** A projected volume that holds only tokens. */
export function tokenVolume(name: string, ...tokens: readonly TokenProjection[]): Volume {
  return { name, projected: { sources: tokens.map((serviceAccountToken) => ({ serviceAccountToken })) } };
}

type ConditionState = Pick<PodCondition, 'status' | 'reason'>;

const TRUE: ConditionState = { status: 'True' };
const COMPLETED = 'PodCompleted';

/** The state of each condition in a running and in a completed pod. */
const CONDITIONS: readonly (readonly [type: string, running: ConditionState, completed: ConditionState])[] = [
  ['PodReadyToStartContainers', TRUE, { status: 'False' }],
  ['Initialized', TRUE, { status: 'True', reason: COMPLETED }],
  ['Ready', TRUE, { status: 'False', reason: COMPLETED }],
  ['ContainersReady', TRUE, { status: 'False', reason: COMPLETED }],
  ['PodScheduled', TRUE, TRUE],
];

function condition(type: string, state: ConditionState, now: number): PodCondition {
  return { type, ...state, lastProbeTime: null, lastTransitionTime: apiTime(now) };
}

function running(containers: readonly Container[], now: number): readonly ContainerStatus[] {
  return containers.map(({ name }) => ({ name, state: { running: { startedAt: apiTime(now) } } }));
}

function ended(containers: readonly Container[], now: number): readonly ContainerStatus[] {
  const state = { terminated: { exitCode: 0, startedAt: apiTime(now), finishedAt: apiTime(now) } };
  return containers.map(({ name }) => ({ name, state }));
}

function containerStatuses(
  { containers, initContainers = [] }: Pod['spec'],
  now: number,
): Pick<NonNullable<Pod['status']>, 'containerStatuses' | 'initContainerStatuses'> {
  return {
    containerStatuses: running(containers, now),
    initContainerStatuses: initContainers.flatMap((container) =>
      (container.restartPolicy === 'Always' ? running : ended)([container], now),
    ),
  };
}

function runningStatus(spec: Pod['spec'], now: number, containersAt: number): NonNullable<Pod['status']> {
  return {
    phase: 'Running',
    conditions: CONDITIONS.map(([type, running]) => condition(type, running, now)),
    startTime: apiTime(now),
    ...containerStatuses(spec, containersAt),
  };
}

/** Returns the pod after its containers were restarted. */
export function restartedPod(pod: Pod, now: number): Pod {
  return { ...pod, status: { ...pod.status, ...containerStatuses(pod.spec, now) } };
}

/** Returns the pod after all its containers exited successfully. */
export function completedPod(pod: Pod, now: number): Pod {
  const conditions = CONDITIONS.map(([type, , completed]) => condition(type, completed, now));
  const containerStatuses = ended(pod.spec.containers, now);
  return { ...pod, status: { ...pod.status, phase: 'Succeeded', conditions, containerStatuses } };
}

function specOf(options: PodOptions, serviceAccount: string, hasDefaultToken: boolean): Pod['spec'] {
  const {
    isAutomounted,
    graceSeconds,
    runAsUser,
    fsGroup,
    volumes = [],
    nodeName = 'node-1',
    initContainers,
    runtimeClassName,
  } = options;
  const defaultVolumes = hasDefaultToken ? [defaultVolume()] : [];
  return {
    nodeName,
    serviceAccountName: serviceAccount,
    ...(isAutomounted === undefined ? {} : { automountServiceAccountToken: isAutomounted }),
    ...(graceSeconds === undefined ? {} : { terminationGracePeriodSeconds: graceSeconds }),
    ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
    securityContext: {
      ...(runAsUser === undefined ? {} : { runAsUser }),
      ...(fsGroup === undefined ? {} : { fsGroup }),
    },
    containers: containersOf(options, defaultVolumes),
    ...(initContainers === undefined ? {} : { initContainers }),
    volumes: [...volumes, ...defaultVolumes],
  };
}

/** Returns a running pod. Creates its service account, its claims and `kube-root-ca.crt` if they do not exist. */
export function createPod(cluster: Cluster, options: PodOptions): Pod {
  const {
    name,
    namespace = 'default',
    serviceAccount = 'default',
    uid = randomUUID(),
    annotations,
  } = options;
  const account = cluster.createServiceAccount(namespace, serviceAccount);
  if (cluster.configMap(namespace, 'kube-root-ca.crt') === undefined)
    cluster.setConfigMap(namespace, 'kube-root-ca.crt', { 'ca.crt': 'a certificate\n' });
  for (const { persistentVolumeClaim } of options.volumes ?? [])
    if (persistentVolumeClaim !== undefined) cluster.createClaim(namespace, persistentVolumeClaim.claimName);
  const hasDefaultToken = options.isAutomounted ?? account.automountServiceAccountToken ?? true;
  const spec = specOf(options, serviceAccount, hasDefaultToken);
  return {
    metadata: { name, namespace, uid, ...(annotations === undefined ? {} : { annotations }) },
    spec,
    status: runningStatus(spec, cluster.now(), options.containersAt ?? cluster.now()),
  };
}

/**
 * Runs the API server source against a simulated API server, over real sockets and in accelerated time.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, createApiServer } from '../../../simulator/api-server.ts';
import { type Cluster, createCluster } from '../../../simulator/cluster.ts';
import { kubeconfigFor } from '../../../simulator/kubeconfig.ts';
import type { Pod } from '../../../simulator/objects.ts';
import { createPod, type PodOptions, tokenVolume } from '../../../simulator/pods.ts';
import {
  CLUSTER_RESOURCES,
  type ClusterFacts,
  type ClusterFailure,
  type ClusterResource,
  type PodRef,
  type TokenReviewMode,
} from '../../../src/core/cluster-facts.ts';
import type { LookupTargets } from '../../../src/core/lookup-targets.ts';
import { NO_REVIEW_TARGETS } from '../../../src/core/reviews/review-targets.ts';
import { decodeToken } from '../../../src/core/token/decode.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { type ApiServerSource, createApiServerSource } from '../../../src/sources/api-server/api-server.ts';
import { connect } from '../../../src/sources/api-server/client/connection.ts';
import type { RequestedResource } from '../../../src/sources/api-server/client/requests.ts';
import { createChangeSignal } from '../../support/change-signal.ts';
import { scheduleBy } from '../../support/fake-clock.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { token } from '../../support/tokens.ts';

const NODE = 'node-1';
const EXPORTER_TOKEN = 'the-token-of-the-exporter';
const NODE_REFERENCE = { name: NODE, uid: 'node-uid' };

export interface Harness {
  readonly cluster: Cluster;
  readonly server: ApiServer;
  readonly source: ApiServerSource;
  readonly codes: ReadonlyMap<RequestedResource, ReadonlySet<number | ClusterFailure>>;
  readonly failures: readonly string[];
  readonly errors: readonly unknown[];
  /** Resource and reason of each dropped object. */
  readonly dropped: readonly string[];
  readonly recoveries: readonly RequestedResource[];
  /** Adds a pod on the node. */
  readonly addPod: (options: PodOptions) => Pod;
  /** Requests a token for the pod, as the kubelet does for the volume `vault`. */
  readonly addToken: (pod: Pod) => Token;
  /** Waits until the facts satisfy the condition. */
  readonly until: (condition: (facts: ClusterFacts) => boolean) => Promise<ClusterFacts>;
  /** Waits until the resource is up, or down with this failure. */
  readonly untilState: (resource: ClusterResource, failure?: ClusterFailure) => Promise<ClusterFacts>;
  /** Waits in simulated time. */
  readonly sleep: (seconds: number) => Promise<void>;
  /** Simulated seconds. */
  readonly now: () => number;
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Reviews of these tokens, and requests for the events of these pods. */
export function lookups(tokens: readonly Token[], pods: readonly PodRef[] = []): LookupTargets {
  return { reviews: { ...NO_REVIEW_TARGETS, tokens }, pods };
}

export interface HarnessOptions {
  /** Of the clock, see createFastClock. */
  readonly speed?: number;
  readonly tokenReview?: TokenReviewMode;
  /** Resources that are not read. */
  readonly without?: readonly ClusterResource[];
  readonly isOnce?: boolean;
  /** Whether the address of the API server could be that of another machine. */
  readonly isRemote?: boolean;
}

function writeKubeconfig(url: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-cluster-'));
  writeFileSync(join(folder, 'config'), kubeconfigFor({ url, token: EXPORTER_TOKEN }));
  return folder;
}

/** Raw tokens, in place of files. */
function createTokenFiles(cluster: Cluster) {
  const files = new Map<Token, Buffer>();
  const addToken = (pod: Pod): Token => {
    const result = cluster.requestToken(
      pod,
      { path: 'token', audience: 'vault', expirationSeconds: 3_600 },
      NODE_REFERENCE,
    );
    assert.ok(result.ok);
    const raw = Buffer.from(result.value.token);
    const decoded = decodeToken(raw);
    assert.ok(decoded.ok);
    const added = token({
      claims: decoded.value,
      identity: { podUid: pod.metadata.uid, volume: 'vault', path: 'token' },
    });
    files.set(added, raw);
    return added;
  };
  const readRaw = <T>(file: Token, use: (bytes: Buffer) => T): T | undefined => {
    const raw = files.get(file);
    return raw && use(Buffer.from(raw));
  };
  return { addToken, readRaw };
}

function createRecorder() {
  const codes = new Map<RequestedResource, Set<number | ClusterFailure>>();
  const failures: string[] = [];
  const errors: unknown[] = [];
  const dropped: string[] = [];
  const recoveries: RequestedResource[] = [];
  const onRequest = (resource: RequestedResource, code: number | ClusterFailure): void => {
    codes.set(resource, (codes.get(resource) ?? new Set()).add(code));
  };
  return { codes, failures, errors, dropped, recoveries, onRequest };
}

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const { speed = 200, tokenReview = 'suspect', without = [] } = options;
  const unused = tokenReview === 'off' ? [...without, 'tokenreviews'] : without;
  const clock = createFastClock(speed);
  const cluster = createCluster({ now: () => Date.now() / 1_000 });
  const users = new Map([[EXPORTER_TOKEN, 'system:serviceaccount:monitoring:exporter']]);
  const server = createApiServer({ cluster, users, schedule: scheduleBy(clock) });
  const url = await server.listen();
  const folder = writeKubeconfig(options.isRemote ? url.replace('127.0.0.1', '0.0.0.0') : url);
  const { addToken, readRaw } = createTokenFiles(cluster);
  const { onRequest, ...recorded } = createRecorder();
  const change = createChangeSignal();
  const connected = await connect({ kubeconfig: join(folder, 'config'), userAgent: 'test', onRequest });
  assert.ok(connected.ok);
  const source = createApiServerSource({
    connection: connected.value,
    nodeName: NODE,
    clock,
    random: Math.random,
    readRaw,
    exporterToken: () => undefined,
    isOnce: options.isOnce ?? false,
    resources: new Set(CLUSTER_RESOURCES.filter((resource) => !unused.includes(resource))),
    lookupScope: { tokenReview },
    requestsPerMinute: 10,
    callbacks: {
      onChange: change.notify,
      onFailure: (resource, failure) => {
        recorded.failures.push(`${resource} ${failure}`);
        change.notify();
      },
      onRecovery: (resource) => recorded.recoveries.push(resource),
      onDropped: (resource, reason) => recorded.dropped.push(`${resource} ${reason}`),
      onError: (error) => recorded.errors.push(error),
    },
  });
  const stopping = new AbortController();
  const running = source.run(stopping.signal);

  const until = async (condition: (facts: ClusterFacts) => boolean): Promise<ClusterFacts> => {
    while (!condition(source.facts())) await change.changed();
    return source.facts();
  };
  const untilState = (resource: ClusterResource, failure?: ClusterFailure): Promise<ClusterFacts> =>
    until(({ resources }) => {
      const state = resources.get(resource);
      if (state === undefined) return false;
      return state.isUp ? failure === undefined : state.failure === failure;
    });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  const close = async (): Promise<void> => {
    await stop();
    await server.close();
    rmSync(folder, { recursive: true });
  };
  const addPod = (pod: PodOptions): Pod =>
    cluster.setPod(
      createPod(cluster, {
        volumes: [tokenVolume('vault', { path: 'token', audience: 'vault', expirationSeconds: 3_600 })],
        ...pod,
      }),
    );
  const now = (): number => clock.monotonicMs() / 1_000;
  const sleep = (seconds: number): Promise<void> => clock.sleep(seconds * 1_000, stopping.signal);
  return {
    cluster,
    server,
    source,
    ...recorded,
    addPod,
    addToken,
    until,
    untilState,
    sleep,
    now,
    stop,
    close,
  };
}

/**
 * The cluster source at work against a simulated API server, in time that goes by faster than ours.
 *
 * Over real sockets: what is waited for is waited for, only not as long.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, createApiServer } from '../../../simulator/api-server.ts';
import { type Cluster, createCluster as createSimulatedCluster } from '../../../simulator/cluster.ts';
import { kubeconfigFor } from '../../../simulator/kubeconfig.ts';
import type { Pod } from '../../../simulator/objects.ts';
import { createPod, type PodOptions, tokenVolume } from '../../../simulator/pods.ts';
import type {
  ClusterFacts,
  ClusterFailure,
  ClusterResource,
  TokenReviewMode,
} from '../../../src/core/cluster-facts.ts';
import { decodeToken } from '../../../src/core/decode.ts';
import type { Token } from '../../../src/core/token.ts';
import { type ClusterSource, createCluster } from '../../../src/sources/api-server/api-server.ts';
import { connect } from '../../../src/sources/api-server/connection.ts';
import type { RequestedResource } from '../../../src/sources/api-server/requests.ts';
import { createChangeSignal } from '../../support/change-signal.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { token } from '../../support/tokens.ts';

const NODE = 'node-1';
const OWN_TOKEN = 'the-token-of-the-agent';
const NODE_REFERENCE = { name: NODE, uid: 'node-uid' };

export interface Joined {
  readonly cluster: Cluster;
  readonly server: ApiServer;
  readonly source: ClusterSource;
  readonly codes: ReadonlyMap<RequestedResource, ReadonlySet<number | ClusterFailure>>;
  readonly failures: readonly string[];
  readonly errors: readonly unknown[];
  /** Puts a pod of the node into the cluster. */
  readonly addPod: (options: PodOptions) => Pod;
  /** A token of the pod, as the kubelet would get it, in the volume `vault`. */
  readonly addToken: (pod: Pod) => Token;
  /** Waits for what is known to be so. */
  readonly until: (isSo: (facts: ClusterFacts) => boolean) => Promise<ClusterFacts>;
  /** Waits for the resource to be up, or down by the failure. */
  readonly untilState: (resource: ClusterResource, failure?: ClusterFailure) => Promise<ClusterFacts>;
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface JoinedOptions {
  /** How many of its seconds go by in one of ours. */
  readonly speed?: number;
  readonly tokenReview?: TokenReviewMode;
  /** Chance answers this; by chance where it is undefined. */
  readonly chance?: number;
}

function configure(url: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-cluster-'));
  writeFileSync(join(folder, 'config'), kubeconfigFor({ url, token: OWN_TOKEN }));
  return folder;
}

function serve(cluster: Cluster, speed: number): ApiServer {
  return createApiServer({
    cluster,
    users: new Map([[OWN_TOKEN, 'system:serviceaccount:monitoring:agent']]),
    schedule: (seconds, run) => {
      const timer = setTimeout(run, (seconds * 1_000) / speed).unref();
      return () => clearTimeout(timer);
    },
  });
}

/** The raw tokens that a test made, as files. */
function createFiles(cluster: Cluster) {
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
    const made = token({
      claims: decoded.value,
      identity: { podUid: pod.metadata.uid, volume: 'vault', path: 'token' },
    });
    files.set(made, raw);
    return made;
  };
  const readRaw = <T>(one: Token, use: (bytes: Buffer) => T): T | undefined => {
    const raw = files.get(one);
    return raw && use(Buffer.from(raw));
  };
  return { addToken, readRaw };
}

function createNotes() {
  const codes = new Map<RequestedResource, Set<number | ClusterFailure>>();
  const failures: string[] = [];
  const errors: unknown[] = [];
  const onRequest = (resource: RequestedResource, code: number | ClusterFailure): void => {
    codes.set(resource, (codes.get(resource) ?? new Set()).add(code));
  };
  return { codes, failures, errors, onRequest };
}

export async function joinCluster(options: JoinedOptions = {}): Promise<Joined> {
  const { speed = 200, tokenReview = 'suspect', chance } = options;
  const cluster = createSimulatedCluster({ now: () => Date.now() / 1_000 });
  const server = serve(cluster, speed);
  const folder = configure(await server.listen());
  const { addToken, readRaw } = createFiles(cluster);
  const { onRequest, ...notes } = createNotes();
  const change = createChangeSignal();
  const connected = await connect({ kubeconfig: join(folder, 'config'), userAgent: 'test', onRequest });
  assert.ok(connected.ok);
  const source = createCluster({
    connection: connected.connection,
    nodeName: NODE,
    clock: createFastClock(speed),
    random: () => chance ?? Math.random(),
    readRaw,
    ownAudiences: () => undefined,
    tokenReview,
    requestsPerMinute: 10,
    listener: {
      onChange: change.notify,
      onFailure: (resource, failure) => {
        notes.failures.push(`${resource} ${failure}`);
        change.notify();
      },
      onError: (error) => notes.errors.push(error),
    },
  });
  const stopping = new AbortController();
  const running = source.run(stopping.signal);

  const until = async (isSo: (facts: ClusterFacts) => boolean): Promise<ClusterFacts> => {
    while (!isSo(source.facts())) await change.changed();
    return source.facts();
  };
  const untilState = (resource: ClusterResource, failure?: ClusterFailure): Promise<ClusterFacts> =>
    until(({ resources }) => {
      const state = resources.get(resource);
      return (
        state !== undefined &&
        (state.isUp ? undefined : state.failure) === failure &&
        (failure !== undefined || state.isUp)
      );
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
  return { cluster, server, source, ...notes, addPod, addToken, until, untilState, stop, close };
}

/**
 * A simulated API server under test, a client, and a fake clock.
 */
import { setImmediate } from 'node:timers/promises';
import type { Schedule } from '../../../simulator/api/schedule.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from '../../../simulator/api-server.ts';
import { type Cluster, createCluster } from '../../../simulator/cluster.ts';
import type { ObjectMeta, Pod } from '../../../simulator/objects.ts';
import { createPod, type PodOptions } from '../../../simulator/pods.ts';

/** The start time of tests, in epoch seconds. */
export const NOW = 1_795_000_000;
export const TOKEN = 'the-token-of-the-exporter';
export const USER = 'system:serviceaccount:monitoring:exporter';
export const PODS_OF_NODE = '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1';

/** The fields of an API object that tests use. */
export interface ApiObject {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly metadata: Partial<ObjectMeta>;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
}

export interface ApiList {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly ApiObject[];
}

export interface Frame {
  readonly type: string;
  readonly object: ApiObject;
}

/** An open watch, read frame by frame. */
export interface Reader {
  /** Returns undefined after the end of the watch. */
  readonly next: () => Promise<Frame | undefined>;
  readonly cancel: () => Promise<void>;
}

export interface Clock {
  readonly now: () => number;
  readonly schedule: Schedule;
  /** Runs everything that is due until then. */
  readonly advance: (seconds: number) => void;
  /** The number of scheduled calls. */
  readonly pending: () => number;
}

function createClock(): Clock {
  const due = new Set<{ readonly at: number; readonly run: () => void }>();
  let now = NOW;
  const advance = (seconds: number): void => {
    const end = now + seconds;
    for (;;) {
      const [next] = [...due].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      now = next.at;
      due.delete(next);
      next.run();
    }
    now = end;
  };
  const schedule: Schedule = (seconds, run) => {
    const entry = { at: now + seconds, run };
    due.add(entry);
    return () => void due.delete(entry);
  };
  return { now: () => now, schedule, advance, pending: () => due.size };
}

export interface Request extends Pick<RequestInit, 'method' | 'body' | 'signal'> {
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestApi {
  readonly api: ApiServer;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly url: string;
  readonly fetch: (path: string, request?: Request) => Promise<Response>;
  readonly list: (path: string) => Promise<ApiList>;
  readonly watch: (path: string) => Promise<Reader>;
  /** Adds a pod of node-1. */
  readonly addPod: (options: PodOptions) => Pod;
}

function readFrames(body: ReadableStream<Uint8Array>): Reader {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffered = '';
  const next = async (): Promise<Frame | undefined> => {
    for (;;) {
      const end = buffered.indexOf('\n');
      if (end >= 0) {
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 1);
        return JSON.parse(line) as Frame;
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      buffered += decoder.decode(value, { stream: true });
    }
  };
  return { next, cancel: () => reader.cancel() };
}

export type TestApiOptions = Partial<Omit<ApiServerOptions, 'cluster' | 'schedule'>>;

/** Runs a test with its own server and closes the server. */
export function withApi(test: (t: TestApi) => Promise<void>, options: TestApiOptions = {}) {
  return async (): Promise<void> => {
    const clock = createClock();
    const cluster = createCluster({ now: clock.now });
    const users = new Map([[TOKEN, USER]]);
    const api = createApiServer({ cluster, users, schedule: clock.schedule, ...options });
    const url = await api.listen();
    const get = (path: string, { headers, ...init }: Request = {}): Promise<Response> =>
      fetch(url + path, { ...init, headers: { Authorization: `Bearer ${TOKEN}`, ...headers } });
    const list = async (path: string): Promise<ApiList> => (await (await get(path)).json()) as ApiList;
    const watch = async (path: string): Promise<Reader> => {
      const { body } = await get(`${path}${path.includes('?') ? '&' : '?'}watch=1`);
      if (body === null) throw new Error('the watch has no body');
      return readFrames(body);
    };
    const addPod = (pod: PodOptions): Pod => cluster.setPod(createPod(cluster, pod));
    try {
      await test({ api, cluster, clock, url, fetch: get, list, watch, addPod });
    } finally {
      await api.close();
    }
  };
}

/** Waits for the other side of a connection in the same process. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setImmediate();
}

/** Captures of a real node. */
export const CAPTURES = new URL('../../fixtures/captures/kubelet-v1.36.3/', import.meta.url);

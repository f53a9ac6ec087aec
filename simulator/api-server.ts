/**
 * An HTTP server that emulates the Kubernetes API server on top of a simulated cluster, with fault injection.
 *
 * Clients authenticate with a token of the configured users or with a service account token that the cluster accepts.
 */
import { createPermissions, createRbac, type Permissions, type Rbac } from './api/authorization.ts';
import { createFaultInjector, type FaultInjector } from './api/faults.ts';
import { createHandler } from './api/handler.ts';
import { createHistories } from './api/history.ts';
import { createListener, type TlsOptions } from './api/listener.ts';
import type { ApiRequest } from './api/request.ts';
import { route } from './api/routes.ts';
import { realSchedule, type Schedule } from './api/schedule.ts';
import { createReviewer, type Reviewer } from './api/token-review.ts';
import { createWatches } from './api/watches.ts';
import type { Cluster } from './cluster.ts';

export interface RequestRecord extends Pick<ApiRequest, 'method' | 'resource' | 'verb'> {
  /** Includes the query. */
  readonly path: string;
  /** Epoch seconds of the cluster's clock. */
  readonly at: number;
}

export interface ApiServerOptions {
  readonly cluster: Cluster;
  /** User names by bearer token. */
  readonly users?: ReadonlyMap<string, string>;
  readonly schedule?: Schedule;
  /** Serves plain HTTP if not set. */
  readonly tls?: TlsOptions;
  /** The number of changes of each kind from which a watch can start. */
  readonly historyLimit?: number;
  /** Called before the response is sent. */
  readonly onRequest?: (request: RequestRecord) => void;
}

export interface Chaos extends Pick<FaultInjector, 'inject' | 'heal'> {
  /** Stops listening and closes all connections. */
  readonly down: () => Promise<void>;
  /** Listens again on the same port, with an empty watch cache as after a restart. */
  readonly up: () => Promise<void>;
  /** Closes the connections of all watches abruptly. */
  readonly dropWatches: () => void;
  /** Ends all watches normally, as the real API server does from time to time. */
  readonly endWatches: () => void;
  /** Ends all watches with 410 Gone. */
  readonly expireWatches: () => void;
}

export interface ApiServer {
  /** Returns the URL. */
  readonly listen: () => Promise<string>;
  readonly chaos: Chaos;
  readonly permissions: Permissions;
  /** The rules behind SubjectAccessReview. Requests to the API server itself are subject to `permissions`. */
  readonly rbac: Pick<Rbac, 'bind'>;
  /** The latest requests, oldest first. */
  readonly requests: () => readonly RequestRecord[];
  readonly openWatches: () => number;
  /** Empties the watch cache: watches from earlier revisions get 410 Gone. */
  readonly compact: () => void;
  /** Sends bookmarks now. */
  readonly bookmark: () => void;
  readonly close: () => Promise<void>;
}

const HISTORY_LIMIT = 1_000;
const MAX_REQUESTS = 10_000;

function createRequestLog(now: () => number, onRequest: (request: RequestRecord) => void) {
  const requests: RequestRecord[] = [];
  const record = ({ method, resource, verb, path, query }: ApiRequest): void => {
    const fullPath = query.size === 0 ? path : `${path}?${query.toString()}`;
    const entry = { method, resource, verb, path: fullPath, at: now() };
    requests.push(entry);
    if (requests.length > MAX_REQUESTS) requests.shift();
    onRequest(entry);
  };
  return { record, requests: () => [...requests] };
}

function usernameOf(token: string, reviewer: Reviewer): string | undefined {
  const status = reviewer.review(token);
  return 'authenticated' in status ? status.user.username : undefined;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { cluster, users, schedule = realSchedule, historyLimit = HISTORY_LIMIT } = options;
  const histories = createHistories(cluster, historyLimit);
  const watches = createWatches({ cluster, histories, schedule });
  const faults = createFaultInjector();
  const permissions = createPermissions();
  const reviewer = createReviewer(cluster);
  const rbac = createRbac();
  const log = createRequestLog(cluster.now, options.onRequest ?? (() => undefined));
  const handle = createHandler({
    userOf: (token) => users?.get(token) ?? usernameOf(token, reviewer),
    permissions,
    faults,
    watches,
    schedule,
    record: log.record,
    route: (request, body) =>
      route({ cluster, reviewer, rbac, url: listener.url, isSilent: faults.isSilent }, request, body),
  });
  const listener = createListener((incoming, response) => void handle(incoming, response), options.tls);
  const { inject, heal } = faults;
  const { drop: dropWatches, end: endWatches, expire: expireWatches } = watches;

  const down = async (): Promise<void> => {
    dropWatches();
    await listener.close();
  };
  const up = async (): Promise<void> => {
    histories.compact();
    await listener.listen();
  };
  const listen = async (): Promise<string> => {
    await listener.listen();
    return listener.url();
  };
  const close = async (): Promise<void> => {
    histories.close();
    heal();
    await down();
  };
  const chaos = { inject, heal, down, up, dropWatches, endWatches, expireWatches };
  const { compact } = histories;
  const { count: openWatches, bookmark } = watches;
  const { requests } = log;
  return { listen, close, chaos, permissions, rbac, requests, compact, openWatches, bookmark };
}

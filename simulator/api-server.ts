/**
 * An HTTP server that emulates the Kubernetes API server on top of a simulated cluster, with fault injection.
 *
 * Clients authenticate with a token of the configured users or with a service account token that the cluster accepts.
 */
import { createPermissions, createRbac, type Permissions, type Rbac } from './api/authorization.ts';
import { type ControlPlanes, createControlPlanes } from './api/control-planes.ts';
import { DEFAULT_BINDINGS } from './api/default-roles.ts';
import { createFaultInjector, type FaultInjector } from './api/faults.ts';
import { createHandler } from './api/handler.ts';
import { createHistories, type Histories } from './api/history.ts';
import { createListener, type Listener, type TlsOptions } from './api/listener.ts';
import { createRequestLog, createReviewLog, type RequestRecord, type ReviewRecord } from './api/records.ts';
import { route } from './api/routes.ts';
import { realSchedule, type Schedule } from './api/schedule.ts';
import type { Reviewer } from './api/token-review.ts';
import { createWatches, type Watches } from './api/watches.ts';
import type { Trust } from './authority.ts';
import type { Cluster } from './cluster.ts';

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
  /**
   * Adds a control plane that trusts other issuers and keys, as during a roll-out. The control planes handle requests
   * in turn. Returns a function that removes it.
   */
  readonly addControlPlane: (trust: Trust) => () => void;
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
  /** The latest reviews of tokens, oldest first. */
  readonly reviews: () => readonly ReviewRecord[];
  readonly openWatches: () => number;
  /** Empties the watch cache: watches from earlier revisions get 410 Gone. */
  readonly compact: () => void;
  /** Sends bookmarks now. */
  readonly bookmark: () => void;
  readonly close: () => Promise<void>;
}

const HISTORY_LIMIT = 1_000;

interface Parts {
  readonly listener: Listener;
  readonly faults: FaultInjector;
  readonly watches: Watches;
  readonly histories: Histories;
  readonly planes: ControlPlanes;
}

function createChaos({ listener, faults, watches, histories, planes }: Parts): Chaos {
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
  return { inject, heal, down, up, dropWatches, endWatches, expireWatches, addControlPlane: planes.add };
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
  const planes = createControlPlanes(cluster);
  const rbac = createRbac(DEFAULT_BINDINGS);
  const { record: onReview, reviews } = createReviewLog(cluster.now);
  const { record, requests } = createRequestLog(cluster.now, options.onRequest ?? (() => undefined));
  const { isSilent } = faults;
  const routing = { cluster, rbac, url: () => listener.url(), isSilent, onReview };
  const handle = createHandler({
    userOf: (token) => users?.get(token) ?? usernameOf(token, planes.current().reviewer),
    permissions,
    faults,
    watches,
    schedule,
    record,
    route: (request, body) => route({ ...routing, ...planes.next() }, request, body),
  });
  const listener = createListener((incoming, response) => void handle(incoming, response), options.tls);
  const chaos = createChaos({ listener, faults, watches, histories, planes });
  const { compact } = histories;
  const { count: openWatches, bookmark } = watches;

  const listen = async (): Promise<string> => {
    await listener.listen();
    return listener.url();
  };
  const close = async (): Promise<void> => {
    histories.close();
    faults.heal();
    await chaos.down();
  };
  return { listen, close, chaos, permissions, rbac, requests, reviews, compact, openWatches, bookmark };
}

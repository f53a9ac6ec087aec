/**
 * An HTTP server that plays the Kubernetes API server over a cluster's memory, and fails as asked.
 *
 * Known are the users it is given, and whoever holds a token that the cluster accepts. Knows nothing of the exporter.
 */
import { createHandler } from './api/handler.ts';
import { createHistories } from './api/history.ts';
import { createInjections, type Injections } from './api/injections.ts';
import { createListener, type TlsOptions } from './api/listener.ts';
import { createPermissions, type Permissions } from './api/permissions.ts';
import { createRbac, type Rbac } from './api/rbac.ts';
import { createRequestLog, type RequestLog, type RequestRecord } from './api/request-log.ts';
import { route } from './api/routes.ts';
import { realSchedule, type Schedule } from './api/schedule.ts';
import { createReviewer, type Reviewer } from './api/token-review.ts';
import { createWatches } from './api/watches.ts';
import type { Cluster } from './cluster.ts';

export interface ApiServerOptions {
  readonly cluster: Cluster;
  /** Names of users, by the bearer token they come with. */
  readonly users?: ReadonlyMap<string, string>;
  readonly schedule?: Schedule;
  /** Plain HTTP without. */
  readonly tls?: TlsOptions;
  /** How many changes of each kind a watch can catch up on. */
  readonly historyLimit?: number;
  /** Called before a request is answered. */
  readonly onRequest?: (request: RequestRecord) => void;
}

export interface Chaos extends Pick<Injections, 'inject' | 'heal'> {
  /** Refuses connections, and cuts those there are. */
  readonly down: () => Promise<void>;
  /** Listens again where it did; as after a restart, nothing is known of earlier changes. */
  readonly up: () => Promise<void>;
  /** Cuts the connections of all watches. */
  readonly dropWatches: () => void;
  /** Ends all watches in good order, as a server does from time to time. */
  readonly endWatches: () => void;
  /** Tells all watches that what they know is too old, and ends them. */
  readonly expireWatches: () => void;
}

export interface ApiServer extends Pick<RequestLog, 'requests'> {
  /** Answers the URL. */
  readonly listen: () => Promise<string>;
  readonly chaos: Chaos;
  readonly permissions: Permissions;
  /** Who is said to be allowed which paths; what may be asked of the API server itself is in the permissions. */
  readonly rbac: Pick<Rbac, 'bind'>;
  readonly openWatches: () => number;
  /** Forgets the changes up to now: who watches from before is told that it is too old. */
  readonly compact: () => void;
  /** Sends bookmarks now. */
  readonly bookmark: () => void;
  readonly close: () => Promise<void>;
}

const HISTORY_LIMIT = 1_000;

function holderOf(token: string, reviewer: Reviewer): string | undefined {
  const status = reviewer.review(token);
  return 'authenticated' in status ? status.user.username : undefined;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { cluster, users, schedule = realSchedule, historyLimit = HISTORY_LIMIT } = options;
  const histories = createHistories(cluster, historyLimit);
  const watches = createWatches({ cluster, histories, schedule });
  const injections = createInjections();
  const permissions = createPermissions();
  const reviewer = createReviewer(cluster);
  const rbac = createRbac();
  const log = createRequestLog(cluster.now, options.onRequest ?? (() => undefined));
  const handle = createHandler({
    userOf: (token) => users?.get(token) ?? holderOf(token, reviewer),
    permissions,
    injections,
    watches,
    schedule,
    record: log.record,
    route: (request, body) =>
      route({ cluster, reviewer, rbac, url: listener.url, isSilent: injections.isSilent }, request, body),
  });
  const listener = createListener((incoming, response) => void handle(incoming, response), options.tls);
  const { inject, heal } = injections;
  const { drop: dropWatches, end: endWatches, expire: expireWatches } = watches;

  const down = async (): Promise<void> => {
    dropWatches();
    await listener.shut();
  };
  const up = async (): Promise<void> => {
    histories.compact();
    await listener.open();
  };
  const listen = async (): Promise<string> => {
    await listener.open();
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

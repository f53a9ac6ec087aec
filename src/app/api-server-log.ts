/**
 * Logs what happens to the requests to the API server, without repeating itself: while it is away, a request fails every
 * few seconds, and an odd object comes again with each of its changes.
 */

import type { ClusterFailure } from '../core/cluster-facts.ts';
import type { ExporterMetrics } from '../metrics/exporter-metrics.ts';
import { EXPORTER } from '../metrics/exporter-rows.ts';
import type { MonotonicClock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import { createRateLimiter, type RateLimit } from '../util/token-bucket.ts';
import type { SourcesOptions } from './sources.ts';

export interface ApiServerLogOptions {
  readonly log: Log;
  readonly metrics: Pick<ExporterMetrics, 'inc'>;
  readonly clock: Pick<MonotonicClock, 'monotonicMs'>;
}

/** Per resource and reason. */
const FAILURES: RateLimit = { burst: 1, intervalMs: 300_000 };
/** Per resource. */
const DROPPED: RateLimit = { burst: 3, intervalMs: 600_000 };
/** More than there are resources and reasons. */
const MAX_KEYS = 256;

function messageOf(reason: ClusterFailure): string {
  return reason === 'unverified_server'
    ? 'no token is sent to the API server because its identity is not verified'
    : 'API server request failed';
}

export function createApiServerLog({ log, metrics, clock }: ApiServerLogOptions): SourcesOptions['api'] {
  const { monotonicMs } = clock;
  const failures = createRateLimiter({ perKey: FAILURES, maxKeys: MAX_KEYS, monotonicMs });
  const dropped = createRateLimiter({ perKey: DROPPED, maxKeys: MAX_KEYS, monotonicMs });
  /** The resources whose failure was logged. */
  const failing = new Set<string>();
  return {
    onFailure: (resource, reason) => {
      const isLogged = failures.take(`${resource} ${reason}`) === 0;
      log[isLogged ? 'warn' : 'debug'](messageOf(reason), { resource, reason });
      if (isLogged) failing.add(resource);
    },
    onRecovery: (resource) => {
      const isLogged = failing.delete(resource);
      log[isLogged ? 'info' : 'debug']('data from the API server is up to date again', { resource });
    },
    onDropped: (resource, reason, object) => {
      metrics.inc(EXPORTER.droppedObjects, { resource, reason });
      const isLogged = dropped.take(resource) === 0;
      log[isLogged ? 'warn' : 'debug']('ignored an object from the API server', { resource, reason, object });
    },
  };
}

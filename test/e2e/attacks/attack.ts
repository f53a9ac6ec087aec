/**
 * An attack on the exporter, and the requests that several attacks use.
 */
import { request } from '../../support/http.ts';
import type { Counts, Target } from './attacker.ts';

export interface Attack {
  readonly it: string;
  /** Number of requests or connections. */
  readonly size: number;
  readonly run: (target: Target) => Promise<Counts>;
  /** The maximum number of responses by status for an attack of this duration. */
  readonly allowed: (seconds: number) => Counts;
}

export const MANY = Number.POSITIVE_INFINITY;
export function get(path: string, ...headers: readonly string[]): string {
  return request(`GET ${path} HTTP/1.1`, ...headers);
}

export const PATHS = [
  '//metrics',
  '/./metrics',
  '/healthz/../metrics',
  '/metrics/..;/metrics',
  '/%6detrics',
  '/metrics%00',
  '/metrics%2f',
  '/METRICS',
  '/metrics;a=b',
  '/\\metrics',
  'http://127.0.0.1/metrics/x',
  '/tokens/../metrics',
  '/debug/pprof',
  '/%c0%ae%c0%ae/etc/passwd',
  '/../../../../var/lib/kubelet/pods',
];
export const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

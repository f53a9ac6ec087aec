/**
 * The latest requests: what was asked and when, without what came along.
 */
import type { ApiRequest } from './request.ts';

export interface RequestRecord extends Pick<ApiRequest, 'method' | 'resource' | 'verb'> {
  /** With its query. */
  readonly path: string;
  /** Epoch seconds of the cluster's clock. */
  readonly at: number;
}

export interface RequestLog {
  readonly record: (request: ApiRequest) => void;
  /** Oldest first. */
  readonly requests: () => readonly RequestRecord[];
}

const MAX_REQUESTS = 10_000;

export function createRequestLog(now: () => number, onRequest: (request: RequestRecord) => void): RequestLog {
  const requests: RequestRecord[] = [];
  const record = ({ method, resource, verb, path, query }: ApiRequest): void => {
    const full = query.size === 0 ? path : `${path}?${query.toString()}`;
    const entry = { method, resource, verb, path: full, at: now() };
    requests.push(entry);
    if (requests.length > MAX_REQUESTS) requests.shift();
    onRequest(entry);
  };
  return { record, requests: () => [...requests] };
}

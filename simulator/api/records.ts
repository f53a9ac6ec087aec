/**
 * What clients requested: the latest requests, and the latest tokens sent for review.
 */
import { isForeign } from '../foreign.ts';
import { parseJwt, stringField } from '../jwt.ts';
import type { ApiRequest } from './request.ts';

export interface RequestRecord extends Pick<ApiRequest, 'method' | 'resource' | 'verb'> {
  /** Includes the query. */
  readonly path: string;
  /** Epoch seconds of the cluster's clock. */
  readonly at: number;
}

/** A token that was sent for review, without the token itself. */
export interface ReviewRecord {
  readonly issuer: string;
  readonly subject: string;
  readonly keyId: string;
  /** Empty for those of the API server. */
  readonly audiences: readonly string[];
  /** Whether another cluster or service issued it: no client may send such a token. */
  readonly isForeign: boolean;
  /** Epoch seconds of the cluster's clock. */
  readonly at: number;
}

const MAX_RECORDS = 10_000;

function createRecords<T>() {
  const records: T[] = [];
  const add = (record: T): void => {
    records.push(record);
    if (records.length > MAX_RECORDS) records.shift();
  };
  return { add, all: (): readonly T[] => [...records] };
}

export function createRequestLog(now: () => number, onRequest: (request: RequestRecord) => void) {
  const records = createRecords<RequestRecord>();
  const record = ({ method, resource, verb, path, query }: ApiRequest): void => {
    const fullPath = query.size === 0 ? path : `${path}?${query.toString()}`;
    const entry = { method, resource, verb, path: fullPath, at: now() };
    records.add(entry);
    onRequest(entry);
  };
  return { record, requests: records.all };
}

export function createReviewLog(now: () => number) {
  const records = createRecords<ReviewRecord>();
  const record = (token: string, audiences: readonly string[]): void => {
    const { header, claims } = parseJwt(token) ?? {};
    records.add({
      issuer: stringField(claims, 'iss'),
      subject: stringField(claims, 'sub'),
      keyId: stringField(header, 'kid'),
      audiences,
      isForeign: isForeign(token),
      at: now(),
    });
  };
  return { record, reviews: records.all };
}

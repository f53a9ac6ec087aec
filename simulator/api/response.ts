/**
 * What the API server does about a request, as data: it is sent elsewhere.
 */
import type { Status } from './status.ts';
import type { WatchSpec } from './watches.ts';

export type Answer =
  | {
      readonly kind: 'document';
      readonly code: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** JSON that comes in pieces, and may never end. */
  | { readonly kind: 'chunks'; readonly chunks: Iterable<string> }
  | { readonly kind: 'watch'; readonly spec: WatchSpec }
  /** The connection stays open and silent. */
  | { readonly kind: 'nothing' }
  /** The connection ends at once. */
  | { readonly kind: 'reset' };

export const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' };

export function document(body: unknown, code = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: 'document', code, headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) };
}

export function refusal(status: Status): Answer {
  return document(status, status.code);
}

export function plainText(
  code: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    kind: 'document',
    code,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
    body,
  };
}

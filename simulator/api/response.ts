/**
 * Responses of the API server, as data. The handler sends them.
 */
import type { Selector } from './kinds.ts';
import type { ObjectResource } from './request.ts';
import type { Status } from './status.ts';

export interface WatchSpec {
  readonly resource: ObjectResource;
  readonly matches: Selector;
  /** Sends the changes after this revision. If undefined, the watch starts with all current objects. */
  readonly since: number | undefined;
  readonly hasBookmarks: boolean;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
  /** Checked before every frame: a silent watch stays open and sends nothing. */
  readonly isSilent: () => boolean;
}

export type ApiResponse =
  | {
      readonly kind: 'document';
      readonly code: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** JSON in pieces, possibly endless. */
  | { readonly kind: 'chunks'; readonly chunks: Iterable<string> }
  | { readonly kind: 'watch'; readonly spec: WatchSpec }
  /** The connection stays open and silent. */
  | { readonly kind: 'hang' }
  /** The connection is closed at once. */
  | { readonly kind: 'reset' };

export const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' };

export function jsonResponse(
  body: unknown,
  code = 200,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return { kind: 'document', code, headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) };
}

export function statusResponse(status: Status): ApiResponse {
  return jsonResponse(status, status.code);
}

export function textResponse(
  code: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return {
    kind: 'document',
    code,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
    body,
  };
}

/**
 * The routes of the status page and its JSON report. They are rendered one at a time, behind scrapes, from one snapshot
 * for all that wait, and sent compressed to clients that accept it.
 */
import type { Snapshot } from '../core/snapshot.ts';
import { joinPieces, type PooledBytes, unpooled } from '../metrics/buffer-pool.ts';
import { type Coding, compressPieces } from '../metrics/compress.ts';
import { createLease } from './delivery/lease.ts';
import type { TwoClocks } from './delivery/moments.ts';
import type { RenderQueue } from './delivery/render-queue.ts';
import type { SharedBodies } from './delivery/shared-bodies.ts';
import { codingHeaders, codingOf, type Express, type RequestHandler, sendText } from './express.ts';
import { applyFilter, type Filter, filterQuery, parseFilter } from './page/filter.ts';
import { tokenReport } from './page/json-report.ts';
import { inTurns, type Pieces } from './page/slices.ts';
import { statusPage } from './page/status-page.ts';
import { pagePolicy } from './page/style.ts';
import { limitPages, type PageLimitOptions } from './page-limit.ts';

export interface PageOptions extends PageLimitOptions, TwoClocks {
  readonly telemetryPath: string;
  readonly node: string;
  readonly version: string;
  /** Base URL of the runbooks. */
  readonly runbooks: string;
  readonly takeSnapshot: () => Snapshot;
}

interface Page {
  readonly headers: Readonly<Record<string, string>>;
  readonly render: (snapshot: Snapshot, filter: Filter) => Pieces;
}

function pagesOf(options: PageOptions): Readonly<Record<string, Page>> {
  return {
    '/': {
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': pagePolicy() },
      render: (snapshot, filter) => statusPage({ ...options, filter, snapshot }),
    },
    '/tokens': {
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      render: (snapshot, filter) => tokenReport(applyFilter(snapshot, filter), options.runbooks),
    },
  };
}

export function addPages(app: Express, options: PageOptions, bodies: SharedBodies, queue: RenderQueue): void {
  const snapshot = createLease(options.takeSnapshot, options);
  const make = ({ render }: Page, filter: Filter, coding: Coding): Promise<PooledBytes> | undefined => {
    const rendered = queue.render(async (turn) => {
      const pieces = inTurns(render(snapshot.value(), filter), turn);
      return unpooled(await (coding === 'gzip' ? compressPieces(pieces) : joinPieces(pieces)));
    });
    return rendered && snapshot.hold(rendered);
  };
  const handle =
    (path: string, page: Page): RequestHandler =>
    async (request, response) => {
      const [, query = ''] = /\?(.*)/.exec(request.url) ?? [];
      const filter = parseFilter(query);
      if (!filter.ok) return sendText(response, 400, filter.error);
      const coding = codingOf(request);
      const isSent = await bodies.send(response, {
        key: `${coding} ${path}?${filterQuery(filter.value)}`,
        headers: { ...page.headers, ...codingHeaders(coding, 'Accept-Encoding') },
        make: () => make(page, filter.value, coding),
      });
      if (isSent) return;
      options.onRejection(503);
      response.set('Retry-After', '1');
      return sendText(response, 503, 'too many concurrent requests');
    };
  const limit = limitPages(options);
  for (const [path, page] of Object.entries(pagesOf(options))) app.get(path, limit, handle(path, page));
}

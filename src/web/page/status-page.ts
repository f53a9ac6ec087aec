/**
 * The status page at `/`: the tokens of the node at one instant, for a person with a browser.
 *
 * It has no script and loads nothing.
 */
import { isPodsDirectory } from '../../core/observation.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { applyFilter, type Filter, filterForm, filterQuery } from './filter.ts';
import { calendarTime, relative } from './format.ts';
import { type Html, html } from './html.ts';
import { missingTokens, unreadableObjects } from './missing-tokens.ts';
import { blindSpots, dataQuality, headline, overview } from './overview.ts';
import type { Pieces } from './slices.ts';
import { STYLE } from './style.ts';
import { tokenCount, tokenTable } from './token-table.ts';

export interface StatusPage {
  readonly node: string;
  readonly version: string;
  readonly telemetryPath: string;
  /** Base URL of the runbooks. */
  readonly runbooks: string;
  readonly snapshot: Snapshot;
  readonly filter: Filter;
}

/** Not escaped: the style is constant, and the policy contains its hash. */
const STYLE_ELEMENT: Html = { markup: `<style>${STYLE}</style>` };

function scanTime({ now, observation: { scannedAt, unreadable } }: Snapshot): Html {
  const failure = unreadable.find(isPodsDirectory);
  if (failure !== undefined) return html`<p class="warn">Cannot list the pods: ${failure.detail}</p>`;
  if (scannedAt === undefined) return html`<p class="warn">The first full scan has not completed yet.</p>`;
  return html`<p>As of ${calendarTime(now)}; last full scan ${relative(now, scannedAt)}, at ${calendarTime(scannedAt)}.</p>`;
}

function* tokens(snapshot: Snapshot, runbooks: string): Pieces {
  if (snapshot.observation.tokens.length === 0) return yield '<p>No tokens on this node.</p>';
  if (snapshot.assessments.length === 0) return yield '<p>No tokens match this filter.</p>';
  yield html`<p>${tokenCount(snapshot)}</p>`.markup;
  yield* tokenTable(snapshot, runbooks);
}

export function* statusPage({
  node,
  version,
  telemetryPath,
  runbooks,
  snapshot,
  filter,
}: StatusPage): Pieces {
  const filtered = applyFilter(snapshot, filter);
  const query = filterQuery(filter);
  yield html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${node}: ServiceAccount tokens</title>${STYLE_ELEMENT}</head><body>
<header><h1>ServiceAccount tokens of ${node}</h1>${headline(snapshot)}${blindSpots(snapshot)}${scanTime(snapshot)}<nav aria-label="Page"><a href="#tokens">Tokens</a> <a href="#data-quality">API server and self-check</a></nav></header>
<main>
${overview(snapshot)}
${missingTokens(filtered, runbooks)}${unreadableObjects(filtered, runbooks)}
<section aria-labelledby="tokens"><h2 id="tokens">Tokens</h2>
${filterForm(filter)}
`.markup;
  yield* tokens(filtered, runbooks);
  yield html`
</section>
${dataQuality(snapshot, runbooks)}
</main>
<footer><p>sa-token-exporter ${version}. <a href="${telemetryPath.slice(1)}">Metrics</a>, <a href="tokens${query === '' ? '' : `?${query}`}">the same tokens as JSON</a>.</p></footer>
</body></html>
`.markup;
}

/**
 * The page at `/`: a node's tokens for a person in front of a browser, at one instant.
 *
 * A snapshot in, markup out: no script, nothing loaded. Knows nothing of how it is served.
 */
import type { Snapshot } from '../../core/snapshot.ts';
import { type Filter, narrow } from './filter.ts';
import { filterForm, queryOf } from './filter-form.ts';
import { calendarTime, relative } from './format.ts';
import { type Html, html } from './html.ts';
import { absentAndUnreadable } from './missing-tokens.ts';
import { grounds, overview } from './overview.ts';
import { STYLE } from './style.ts';
import { tokenCount, tokenTable } from './token-table.ts';

export interface StatusPage {
  readonly node: string;
  readonly version: string;
  readonly telemetryPath: string;
  /** Where runbooks are published. */
  readonly runbooks: string;
  readonly snapshot: Snapshot;
  readonly filter: Filter;
}

/** The style is a constant of the program, and hashed: escaped it would be another. */
const STYLE_ELEMENT: Html = { markup: `<style>${STYLE}</style>` };

function gathered({ now, observation: { scannedAt } }: Snapshot): Html {
  if (scannedAt === undefined) return html`<p class="warn">No look at the whole node has ended yet.</p>`;
  return html`<p>As of ${calendarTime(now)}; the node was last looked at as a whole ${relative(now, scannedAt)}, at ${calendarTime(scannedAt)}.</p>`;
}

function tokens(snapshot: Snapshot, runbooks: string): Html {
  if (snapshot.observation.tokens.length === 0) return html`<p>No tokens on this node.</p>`;
  if (snapshot.assessments.length === 0) return html`<p>No token is what you ask for.</p>`;
  return html`<p>${tokenCount(snapshot)}</p>${tokenTable(snapshot, runbooks)}`;
}

export function statusPage({ node, version, telemetryPath, runbooks, snapshot, filter }: StatusPage): string {
  const part = narrow(snapshot, filter);
  const query = queryOf(filter);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${node}: ServiceAccount tokens</title>${STYLE_ELEMENT}</head><body>
<header><h1>ServiceAccount tokens of ${node}</h1>${gathered(snapshot)}<nav aria-label="Page"><a href="#tokens">Tokens</a> <a href="#grounds">API server and own view</a></nav></header>
<main>
${overview(snapshot)}
${absentAndUnreadable(part, runbooks)}
<section aria-labelledby="tokens"><h2 id="tokens">Tokens</h2>
${filterForm(filter)}
${tokens(part, runbooks)}
</section>
${grounds(snapshot, runbooks)}
</main>
<footer><p>sa-token-exporter ${version}. <a href="${telemetryPath.slice(1)}">Metrics</a>, <a href="api/v1/tokens${query === '' ? '' : `?${query}`}">the same tokens as JSON</a>.</p></footer>
</body></html>
`.markup;
}

/**
 * The node at a glance: counts, and what they rest on: the API server, the exporter's view of itself.
 */

import { isInTime } from '../../core/rotation.ts';
import { findCanary, selfView } from '../../core/self-view.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { type Html, html, NOTHING } from '../html.ts';
import { badge, section, type Tone } from './words.ts';

interface Row {
  readonly title: Html;
  readonly value: Html;
}

function rows(all: readonly Row[], none: string): Html {
  if (all.length === 0) return html`<p>${none}</p>`;
  return html`<dl>${all.map(({ title, value }) => html`<dt>${title}</dt><dd>${value}</dd>`)}</dl>`;
}

/** Counts that lead to what is counted. */
function counts(parameter: string, counted: ReadonlyMap<string, number>): readonly Row[] {
  return [...counted]
    .filter(([, count]) => count > 0)
    .map(([key, count]) => ({
      title: html`<a href="?${parameter}=${key}">${key}</a>`,
      value: html`${count}`,
    }));
}

/** A card that is there where there is something to count. */
function told(id: string, title: string, counted: ReadonlyMap<string, number>): Html {
  const found = [...counted].filter(([, count]) => count > 0);
  if (found.length === 0) return NOTHING;
  return section(
    id,
    title,
    rows(
      found.map(([key, count]) => ({ title: html`${key}`, value: html`${count}` })),
      '',
    ),
  );
}

function named(key: string, tone: Tone, text: string): Row {
  return { title: html`${key}`, value: badge(tone, text) };
}

function resources({ cluster }: Snapshot): readonly Row[] {
  return Array.from(cluster.resources, ([resource, state]) =>
    state.isUp ? named(resource, 'good', 'current') : named(resource, 'warn', state.failure),
  );
}

function ownView({ observation, self, assessments }: Snapshot): readonly Row[] {
  if (self === undefined) return [];
  const checks = Array.from(selfView(observation, self), ([check, isTrue]) =>
    isTrue ? named(check, 'good', 'yes') : named(check, 'bad', 'no'),
  );
  const canary = findCanary(assessments, self);
  return [...checks, named('canary', isInTime(canary?.state) ? 'good' : 'warn', canary?.state ?? 'none')];
}

/** What is there, what is wrong, and why. */
export function overview({ byState, problems, byCause }: Snapshot): Html {
  return html`<div class="cards">
${section('states', 'Tokens by state', rows(counts('state', byState), 'None.'))}
${section('problems', 'Problems', rows(counts('problem', problems), 'None.'))}
${told('causes', 'Why tokens are late', byCause)}
</div>`;
}

/** What the rest of the page rests on, and what nobody can tell. */
export function grounds(snapshot: Snapshot): Html {
  return html`<div class="cards" id="grounds">
${section('api', 'API server', rows(resources(snapshot), 'It is not asked.'))}
${section('self', 'Own view', rows(ownView(snapshot), 'The exporter does not know which pod it is.'))}
${told('unknowns', 'Could not be judged', snapshot.unknowns)}
${told('tokenless', 'Pods without token', snapshot.tokenless)}
</div>`;
}

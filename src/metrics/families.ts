/**
 * Lists the families of a snapshot: the tables of tokens and of the node, filled.
 *
 * Knows no metric in particular, no format and no HTTP. Metrics of the exporter itself are in counters.ts.
 */

import { type Assessment, isFailing } from '../core/assessment.ts';
import type { MissingToken } from '../core/missing-tokens.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { PerTokenMode } from '../core/token.ts';
import { CLUSTER_METRICS } from './cluster-rows.ts';
import { labelText } from './labels.ts';
import type { Family, Sample } from './metric.ts';
import { NODE_METRICS } from './node-rows.ts';
import { createTokenText, identityText, type TokenText } from './token-labels.ts';
import { type MarkMetric, TOKEN_METRICS, type TokenMetric, type ValueMetric } from './token-rows.ts';

export interface FamilyOptions {
  readonly node: string;
  /** Which tokens have series of their own. */
  readonly perToken: PerTokenMode;
  /** Whether to export what moves by itself, beside the timestamps. */
  readonly isRelativeShown: boolean;
}

export type ListFamilies = (snapshot: Snapshot) => readonly Family[];

/** A token to be shown, and its labels. */
interface Shown {
  readonly assessment: Assessment;
  readonly text: TokenText;
}

function select(assessments: readonly Assessment[], perToken: PerTokenMode): readonly Assessment[] {
  switch (perToken) {
    case 'all':
      return assessments;
    case 'problems':
      return assessments.filter(isFailing);
    case 'none':
      return [];
  }
}

/** All that has series of its own at one scrape. */
interface Series {
  readonly shown: readonly Shown[];
  /** Tokens that are missing, and what names them. */
  readonly missingTokens: readonly { readonly token: MissingToken; readonly identity: string }[];
  readonly now: number;
}

/** Sample by sample: ten thousand of them at once would be garbage of megabytes at every scrape. */
function* valueSamples({ value }: ValueMetric, { shown, now }: Series): Iterable<Sample> {
  for (const { assessment, text } of shown) {
    const found = value(assessment, now);
    if (found !== undefined) yield { labels: text.identity, value: found };
  }
}

function* markSamples({ marks, missing }: MarkMetric, { shown, missingTokens }: Series): Iterable<Sample> {
  for (const { assessment, text } of shown)
    for (const labels of marks(assessment, text)) yield { labels, value: 1 };
  if (missing === undefined) return;
  for (const { token, identity } of missingTokens) yield { labels: missing(token, identity), value: 1 };
}

function tokenSamples(metric: TokenMetric, series: Series): Iterable<Sample> {
  return 'marks' in metric ? markSamples(metric, series) : valueSamples(metric, series);
}

/** Makes the function that lists the families of a snapshot. */
export function createListFamilies({ node, perToken, isRelativeShown }: FamilyOptions): ListFamilies {
  const nodeText = labelText({ node });
  const textOf = createTokenText(node);
  const tokenMetrics = TOKEN_METRICS.filter(({ isRelative }) => isRelativeShown || isRelative !== true);
  const seriesOf = ({ assessments, missingTokens, now }: Snapshot): Series => ({
    now,
    shown: select(assessments, perToken).map((assessment) => ({
      assessment,
      text: textOf(assessment.token),
    })),
    missingTokens: (perToken === 'none' ? [] : missingTokens).map((token) => ({
      token,
      identity: identityText(node, token.identity),
    })),
  });
  return (snapshot) => {
    const series = seriesOf(snapshot);
    return [
      ...tokenMetrics.map((metric) => ({
        metric,
        samples: tokenSamples(metric, series),
        ...(perToken === 'all' && metric.isFixed ? { basis: snapshot.observation.tokens } : {}),
      })),
      ...[...NODE_METRICS, ...CLUSTER_METRICS].map((metric) => ({
        metric,
        samples: metric.samples(snapshot, nodeText),
      })),
    ];
  };
}

/**
 * Lists the families of a snapshot: the tables of tokens and of the node, filled.
 *
 * Knows no metric in particular, no format and no HTTP. Metrics of the exporter itself are in counters.ts.
 */
import { type Assessment, isFailing } from '../core/assess.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { labelText } from './labels.ts';
import type { Family, Sample } from './metric.ts';
import { NODE_METRICS } from './node-metrics.ts';
import { createTokenText, type TokenText } from './token-labels.ts';
import { TOKEN_METRICS, type TokenMetric } from './token-metrics.ts';

export const PER_TOKEN_MODES = ['all', 'problems', 'none'] as const;
export type PerTokenMode = (typeof PER_TOKEN_MODES)[number];

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

/** A loop, since this is what a scrape spends its time in. */
function tokenSamples(metric: TokenMetric, shown: readonly Shown[], now: number): readonly Sample[] {
  const samples: Sample[] = [];
  for (const { assessment, text } of shown) {
    if ('marks' in metric) {
      for (const labels of metric.marks(assessment, text)) samples.push({ labels, value: 1 });
    } else {
      const value = metric.value(assessment, now);
      if (value !== undefined) samples.push({ labels: text.identity, value });
    }
  }
  return samples;
}

/** Makes the function that lists the families of a snapshot. */
export function createListFamilies({ node, perToken, isRelativeShown }: FamilyOptions): ListFamilies {
  const nodeText = labelText({ node });
  const textOf = createTokenText(node);
  const tokenMetrics = TOKEN_METRICS.filter(({ isRelative }) => isRelativeShown || isRelative !== true);
  return (snapshot) => {
    const shown = select(snapshot.assessments, perToken).map((assessment): Shown => {
      return { assessment, text: textOf(assessment.token) };
    });
    return [
      ...tokenMetrics.map((metric) => ({ metric, samples: tokenSamples(metric, shown, snapshot.now) })),
      ...NODE_METRICS.map((metric) => ({ metric, samples: metric.samples(snapshot, nodeText) })),
    ];
  };
}

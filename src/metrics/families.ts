/**
 * Fills the rows of tokens and of the node with the samples of a snapshot.
 */
import { type Assessment, isFailing } from '../core/assessment.ts';
import type { OverdueCause } from '../core/causes/overdue-cause.ts';
import type { MissingToken } from '../core/missing-tokens.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { EpochSeconds, PerTokenMode } from '../core/token/token.ts';
import { createTokenText, identityText, labelText, type TokenText } from './labels.ts';
import type { Family, Sample } from './metric.ts';
import { NODE_METRICS } from './node-rows.ts';
import {
  type ProblemRow,
  type SeriesRow,
  TOKEN_METRICS,
  type TokenRow,
  type ValueRow,
} from './token-rows.ts';

export interface FamilyOptions {
  readonly node: string;
  /** Which tokens have series of their own. */
  readonly perToken: PerTokenMode;
  /** Whether to export metrics that change with the clock, in addition to the timestamps. */
  readonly isRelativeShown: boolean;
}

export type ListFamilies = (snapshot: Snapshot) => readonly Family[];

/** The tokens that have series in one scrape, with the text of their labels. */
interface Selection {
  readonly snapshot: Snapshot;
  readonly now: EpochSeconds;
  readonly tokens: readonly {
    readonly assessment: Assessment;
    readonly text: TokenText;
    readonly cause: OverdueCause | undefined;
  }[];
  readonly missingTokens: readonly { readonly token: MissingToken; readonly identity: string }[];
}

function filterAssessments(
  assessments: readonly Assessment[],
  perToken: PerTokenMode,
): readonly Assessment[] {
  switch (perToken) {
    case 'all':
      return assessments;
    case 'problems':
      return assessments.filter(isFailing);
    case 'none':
      return [];
  }
}

// Generators: an array of ten thousand samples would be megabytes of garbage in every scrape.

function* valueSamples(
  { value }: { readonly value: ValueRow['value'] },
  { tokens, now }: Selection,
): Iterable<Sample> {
  for (const { assessment, text } of tokens) {
    const found = value(assessment, now);
    if (found !== undefined) yield { labels: text.identity, value: found };
  }
}

function* seriesSamples(
  { series, missing }: Pick<SeriesRow, 'series' | 'missing'>,
  { tokens, missingTokens }: Selection,
): Iterable<Sample> {
  for (const { assessment, text, cause } of tokens)
    for (const labels of series(assessment, text, cause)) yield { labels, value: 1 };
  if (missing === undefined) return;
  for (const { token, identity } of missingTokens) yield { labels: missing(token, identity), value: 1 };
}

function* problemSamples(
  { starts }: ProblemRow,
  { tokens, missingTokens, snapshot }: Selection,
): Iterable<Sample> {
  const { problem, missing, labels } = starts;
  for (const { assessment, text } of tokens) {
    for (const failure of assessment.failures) {
      const value = problem(snapshot, assessment, failure);
      if (value !== undefined) yield { labels: labels(text.identity, failure), value };
    }
  }
  for (const { token, identity } of missingTokens) {
    const value = missing(snapshot, token);
    if (value !== undefined) yield { labels: labels(identity, token), value };
  }
}

function tokenSamples(row: TokenRow, selection: Selection): Iterable<Sample> {
  if ('starts' in row) return problemSamples(row, selection);
  return 'series' in row ? seriesSamples(row, selection) : valueSamples(row, selection);
}

/** Returns the function that lists the families of a snapshot. */
export function createListFamilies({ node, perToken, isRelativeShown }: FamilyOptions): ListFamilies {
  const nodeText = labelText({ node });
  const textOf = createTokenText(node);
  const tokenRows = TOKEN_METRICS.filter(({ isRelative }) => isRelativeShown || isRelative !== true);
  const select = (snapshot: Snapshot): Selection => ({
    snapshot,
    now: snapshot.now,
    tokens: filterAssessments(snapshot.assessments, perToken).map((assessment) => ({
      assessment,
      text: textOf(assessment.token, assessment.context.origin),
      cause: snapshot.causes.get(assessment.token)?.cause,
    })),
    missingTokens: (perToken === 'none' ? [] : snapshot.missingTokens).map((token) => ({
      token,
      identity: identityText(node, token.identity),
    })),
  });
  return (snapshot) => {
    const selection = select(snapshot);
    const { provenance } = snapshot;
    return [
      ...tokenRows.map((row) => ({
        metric: row,
        samples: tokenSamples(row, selection),
        ...(perToken === 'all' && row.isStatic ? { cacheKey: provenance } : {}),
      })),
      ...NODE_METRICS.map((row) => ({ metric: row, samples: row.samples(snapshot, nodeText) })),
    ];
  };
}

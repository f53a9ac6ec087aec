/**
 * Types of a metric: a row of a table, and its samples of one scrape.
 */

/** Public contract: a name may be retired, but never changes its meaning. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The HELP text: one short noun phrase or sentence. */
  readonly help: string;
  /** Label names in the order in which they are printed; `le` of a histogram is left out. */
  readonly labels: readonly string[];
}

export interface Sample {
  /** The text between the braces; empty without labels. */
  readonly labels: string;
  readonly value: number;
  /** `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: string;
}

/** A metric with its samples of one scrape. Samples are created while they are printed. */
export interface Family {
  readonly metric: Metric;
  readonly samples: Iterable<Sample>;
  /** While this is the same object, the samples are the same as in the scrape before. */
  readonly cacheKey?: object;
}

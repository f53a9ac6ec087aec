/**
 * What a metric is: declared as a row of a table, filled with samples at a scrape.
 *
 * Types alone: nothing here knows a metric in particular.
 */

/** A row: all that is to be said of a metric beforehand. Public contract: retire a name, never change it. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence. */
  readonly help: string;
  /** Names of the labels of its series, `le` of a histogram left out. */
  readonly labels: readonly string[];
}

export interface Sample {
  /** Label text as printed between the braces; empty for none. */
  readonly labels: string;
  readonly value: number;
  /** `_bucket`, `_sum`, `_count` of a histogram; nothing otherwise. */
  readonly suffix?: string;
}

/** A metric with its samples of one scrape, made as they are printed. */
export interface Family {
  readonly metric: Metric;
  readonly samples: Iterable<Sample>;
  /** The samples are what they were at the last scrape, for as long as this is the same object. */
  readonly basis?: object;
}

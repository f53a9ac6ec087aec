/**
 * What all kinds of panels have in common: title, description, unit, queries, and a message without data.
 */
import {
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Steps } from './colors.ts';

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

export type Unit =
  | 'bytes'
  | 'dateTimeAsIso'
  | 'none'
  | 'percentunit'
  | 'reqps'
  | 's'
  | 'short'
  /** Grafana puts the ticks of an axis in seconds at 5.56 hours. These are at round numbers. */
  | 'suffix:min'
  | 'suffix:s'
  | 'suffix:/h';

export interface Query {
  readonly expr: string;
  /** Template for the name of a series. */
  readonly legend?: string;
}

export interface PanelOptions {
  readonly title: string;
  /** What it shows, and what is normal. */
  readonly description: string;
  readonly unit: Unit;
  /** Shown without series: what that means. */
  readonly empty?: string;
}

/** What the builders of all kinds of panels have in common. */
interface Builder<Self> {
  readonly title: (title: string) => Self;
  readonly description: (description: string) => Self;
  readonly datasource: (datasource: typeof DATASOURCE) => Self;
  readonly unit: (unit: string) => Self;
  readonly noValue: (text: string) => Self;
  readonly targets: (targets: DataqueryBuilder[]) => Self;
  readonly build: () => Panel;
}

/** The kind of query: instant, instant as a table, or over time. */
export type QueryType = 'instant' | 'rows' | 'range';

function target({ expr, legend }: Query, index: number, type: QueryType): DataqueryBuilder {
  const builder = new DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend ?? '__auto')
    .format(type === 'rows' ? PromQueryFormat.Table : PromQueryFormat.TimeSeries);
  return type === 'range' ? builder.range() : builder.instant();
}

export function configure<B extends Builder<B>>(
  builder: B,
  { title, description, unit, empty }: PanelOptions,
  queries: readonly Query[],
  type: QueryType,
): B {
  const configured = builder
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .targets(queries.map((query, index) => target(query, index, type)));
  return empty === undefined ? configured : configured.noValue(empty);
}

function thresholdSteps([base, ...others]: Steps): Threshold[] {
  return [{ value: null, color: base }, ...others.map(([value, color]) => ({ value, color }))];
}

export function thresholds(steps: Steps): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholdSteps(steps));
}

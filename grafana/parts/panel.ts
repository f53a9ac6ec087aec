/**
 * What panels of every kind have in common: words, a unit, questions to Prometheus, and what to say without an answer.
 *
 * Knows no kind of panel.
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
  | 'bool_yes_no'
  | 'bytes'
  | 'dateTimeAsIso'
  | 'none'
  | 'ops'
  | 'percentunit'
  | 'reqps'
  | 's'
  | 'short';

export interface Query {
  readonly expr: string;
  /** Template of a series' name. */
  readonly legend?: string;
}

export interface PanelOptions {
  readonly title: string;
  /** What it shows, and what one may be looking at that is no trouble. */
  readonly description: string;
  readonly unit: Unit;
  /** Shown where there is no series: what that means. */
  readonly empty?: string;
}

/** What the builders of all kinds of panels can do. */
interface Builder<Self> {
  readonly title: (title: string) => Self;
  readonly description: (description: string) => Self;
  readonly datasource: (datasource: typeof DATASOURCE) => Self;
  readonly unit: (unit: string) => Self;
  readonly noValue: (text: string) => Self;
  readonly targets: (targets: DataqueryBuilder[]) => Self;
  readonly build: () => Panel;
}

/** How the answer is asked for: now, now as rows, or over time. */
export type Answer = 'instant' | 'rows' | 'range';

function target({ expr, legend }: Query, index: number, answer: Answer): DataqueryBuilder {
  const builder = new DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend ?? '__auto')
    .format(answer === 'rows' ? PromQueryFormat.Table : PromQueryFormat.TimeSeries);
  return answer === 'range' ? builder.range() : builder.instant();
}

export function dress<B extends Builder<B>>(
  builder: B,
  { title, description, unit, empty }: PanelOptions,
  queries: readonly Query[],
  answer: Answer,
): B {
  const dressed = builder
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .targets(queries.map((query, index) => target(query, index, answer)));
  return empty === undefined ? dressed : dressed.noValue(empty);
}

export function thresholdSteps([base, ...others]: Steps): Threshold[] {
  return [{ value: null, color: base }, ...others.map(([value, color]) => ({ value, color }))];
}

export function thresholds(steps: Steps): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholdSteps(steps));
}

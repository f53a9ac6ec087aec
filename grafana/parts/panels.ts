/**
 * The kinds of panels: stat, bar gauge, graph and state timeline. Tables are in table.ts.
 */
import { PanelBuilder as BarsBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { COLORS, type Color, type Look, NEUTRAL, type Steps } from './colors.ts';
import { configure, type PanelOptions, type Query, thresholds } from './panel.ts';

/** Values that are displayed as text. */
export type Words = readonly (readonly [value: string, text: string, color: Color])[];

export function mappingOf(words: Words): ValueMapping {
  const options = words.map(([value, text, color], index) => [value, { text, color, index }] as const);
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}

const byThresholds = new FieldColorBuilder().mode(FieldColorModeId.Thresholds);
const last = new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields('');
const legend = new VizLegendOptionsBuilder()
  .displayMode(LegendDisplayMode.List)
  .placement(LegendPlacement.Bottom)
  .showLegend(true)
  .calcs([]);
const tooltip = new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);

export interface StatOptions extends PanelOptions {
  readonly expr: string;
  readonly steps?: Steps;
  readonly words?: Words;
}

/** One current number. */
export function stat({ expr, steps = NEUTRAL, words = [], ...options }: StatOptions): Panel {
  return configure(new StatBuilder(), options, [{ expr, legend: options.title }], 'instant')
    .thresholds(thresholds(steps))
    .mappings(words.length === 0 ? [] : [mappingOf(words)])
    .colorScheme(byThresholds)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(last)
    .build();
}

export interface BarsOptions extends PanelOptions {
  readonly queries: readonly Query[];
  readonly steps: Steps;
  readonly max?: number;
}

/** A bar for the current value of each query. */
export function bars({ queries, steps, max, ...options }: BarsOptions): Panel {
  const builder = configure(new BarsBuilder(), options, queries, 'instant')
    .thresholds(thresholds(steps))
    .colorScheme(byThresholds)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(last)
    .min(0);
  return (max === undefined ? builder : builder.max(max)).build();
}

const dashedLine = new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);

export interface GraphOptions extends PanelOptions {
  readonly queries: readonly Query[];
  /** The styles of series with known names; others have shades of one color. */
  readonly looks?: readonly Look[];
  readonly isStacked?: boolean;
  /** A threshold, drawn as a dashed line. */
  readonly limit?: number;
}

function styleOf({ color, isDashed }: Look): DynamicConfigValue[] {
  const fixed = { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } };
  return isDashed ? [fixed, { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } }] : [fixed];
}

/** Lines over time. */
export function graph({ queries, looks = [], isStacked = false, limit, ...options }: GraphOptions): Panel {
  const builder = configure(new GraphBuilder(), options, queries, 'range')
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Shades).fixedColor(COLORS.plain))
    .lineWidth(isStacked ? 1 : 2)
    .fillOpacity(isStacked ? 60 : 0)
    .stacking(new StackingConfigBuilder().mode(isStacked ? StackingMode.Normal : StackingMode.None))
    .showPoints(VisibilityMode.Never)
    .axisSoftMin(0)
    .legend(legend)
    .tooltip(tooltip);
  if (limit !== undefined)
    builder.thresholds(thresholds([COLORS.good, [limit, COLORS.critical]])).thresholdsStyle(dashedLine);
  return looks.reduce((styled, look) => styled.overrideByName(look.name, styleOf(look)), builder).build();
}

export interface TimelineOptions extends PanelOptions {
  readonly query: Query;
  readonly words: Words;
}

/** States over time, one line for each series. */
export function timeline({ query, words, ...options }: TimelineOptions): Panel {
  return configure(new TimelineBuilder(), options, [query], 'range')
    .mappings([mappingOf(words)])
    .thresholds(thresholds(NEUTRAL))
    .colorScheme(byThresholds)
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .fillOpacity(80)
    .legend(legend)
    .tooltip(tooltip)
    .build();
}

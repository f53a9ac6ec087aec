/**
 * The kinds of panels: stat, graph and state timeline. Tables are in table.ts.
 */
import {
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
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  SpecialValueMatch,
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

/** The message without series, in a color that means nothing: thresholds would give it that of the lowest value. */
function mappingOfNothing(text: string): ValueMapping {
  return {
    type: MappingType.SpecialValue,
    options: { match: SpecialValueMatch.Null, result: { text, color: COLORS.plain } },
  };
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

/** One current number. With thresholds it is on a background: few colors are legible as text on light and dark. */
export function stat({ expr, steps, words = [], ...options }: StatOptions): Panel {
  const { empty } = options;
  return configure(new StatBuilder(), options, [{ expr, legend: options.title }], 'instant')
    .thresholds(thresholds(steps ?? NEUTRAL))
    .mappings([
      ...(words.length === 0 ? [] : [mappingOf(words)]),
      ...(empty === undefined ? [] : [mappingOfNothing(empty)]),
    ])
    .colorScheme(byThresholds)
    .colorMode(steps === undefined ? BigValueColorMode.None : BigValueColorMode.BackgroundSolid)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(last)
    .build();
}

const dashedLine = new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);

export interface GraphOptions extends PanelOptions {
  readonly queries: readonly Query[];
  /** The styles of all series, by name; without them there must be only one series. */
  readonly looks?: readonly Look[];
  readonly isStacked?: boolean;
  /** The end of the axis if all values are lower. Without it, Grafana draws 0 on an axis up to 100, which is 10,000 %. */
  readonly softMax?: number;
  /** A threshold, drawn as a dashed line. */
  readonly limit?: number;
  /** The most points of a line. Graphs of many series of each node need few, or they take Prometheus seconds. */
  readonly points?: number;
}

/** Six hours in steps of two minutes. */
const POINTS = 120;
/** In steps of five minutes: a state is made of four times of each token. */
const TIMELINE_POINTS = 60;
/** Also for Prometheus with scrape intervals of up to a minute, if the data source does not say so. */
const MIN_STEP = '1m';

function styleOf({ color, dash }: Look): DynamicConfigValue[] {
  const fixed = { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } };
  return dash === undefined
    ? [fixed]
    : [fixed, { id: 'custom.lineStyle', value: { fill: dash[0] === 0 ? 'dot' : 'dash', dash } }];
}

/** Lines over time. */
export function graph(all: GraphOptions): Panel {
  const { queries, looks = [], isStacked = false, limit, softMax, points = POINTS, ...options } = all;
  const builder = configure(new GraphBuilder(), options, queries, 'range')
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(COLORS.plain))
    .lineWidth(isStacked ? 1 : 2)
    .fillOpacity(isStacked ? 60 : 0)
    .stacking(new StackingConfigBuilder().mode(isStacked ? StackingMode.Normal : StackingMode.None))
    .showPoints(VisibilityMode.Never)
    .axisSoftMin(0)
    .interval(MIN_STEP)
    .maxDataPoints(points)
    .legend(legend)
    .tooltip(tooltip);
  if (softMax !== undefined) builder.axisSoftMax(softMax);
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
    .interval(MIN_STEP)
    .maxDataPoints(TIMELINE_POINTS)
    .legend(legend)
    .tooltip(tooltip)
    .build();
}

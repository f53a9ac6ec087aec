/**
 * Applies the configuration of a panel to its fields: defaults and overrides, with Grafana's own processors.
 */
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  type DataFrame,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldConfigOptionsRegistry,
  type FieldConfigSource,
  type GrafanaTheme2,
  identityOverrideProcessor,
  numberOverrideProcessor,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { type Item, interpolate } from './drawing.ts';

type Panel = Item['panel'];

const STANDARD = {
  unit: unitOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  decimals: numberOverrideProcessor,
  displayName: displayNameOverrideProcessor,
  noValue: stringOverrideProcessor,
  color: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  links: dataLinksOverrideProcessor,
  description: stringOverrideProcessor,
  filterable: identityOverrideProcessor,
  fieldMinMax: identityOverrideProcessor,
};

/** What Grafana's plugin for graphs adds to every panel. */
const GRAPH = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  fillOpacity: 0,
  gradientMode: 'none',
  barAlignment: 0,
  barWidthFactor: 0.6,
  stacking: { mode: 'none', group: 'A' },
  axisGridShow: true,
  axisCenteredZero: false,
  axisBorderShow: false,
  showPoints: 'auto',
  spanNulls: false,
  pointSize: 5,
  axisPlacement: 'auto',
  axisColorMode: 'text',
  axisLabel: '',
  scaleDistribution: { type: 'linear' },
  thresholdsStyle: { mode: 'off' },
  hideFrom: { legend: false, tooltip: false, viz: false },
  insertNulls: false,
};
const CUSTOM = [
  ...Object.keys(GRAPH),
  'axisSoftMin',
  'axisSoftMax',
  'width',
  'minWidth',
  'align',
  'cellOptions',
  'wrapText',
  'wrapHeaderText',
  'hidden',
  'lineStyle',
];

function property(id: string, name: string, process: unknown, isCustom: boolean) {
  const unused = { override: null, editor: null, getItemsCount: () => 0 };
  return { id, path: name, name, process, isCustom, shouldApply: () => true, ...unused };
}

function registry(): FieldConfigOptionsRegistry {
  return new FieldConfigOptionsRegistry(() => [
    ...Object.entries(STANDARD).map(([name, process]) => property(name, name, process, false)),
    ...CUSTOM.map((name) => property(`custom.${name}`, name, identityOverrideProcessor, true)),
  ]);
}

/** JSON has no infinity: the first threshold has no value. */
function withInfinity(config: FieldConfigSource): void {
  const overridden = config.overrides.flatMap(({ properties }) => properties);
  const thresholds = overridden.filter(({ id }) => id === 'thresholds').map(({ value }) => value);
  for (const { steps } of [config.defaults.thresholds, ...thresholds])
    for (const step of steps) step.value ??= Number.NEGATIVE_INFINITY;
}

export function fieldConfigOf({ type, fieldConfig }: Panel): FieldConfigSource {
  const config = structuredClone(fieldConfig ?? { defaults: {}, overrides: [] });
  const { defaults } = config;
  defaults.thresholds ??= { mode: 'absolute', steps: [{ value: null, color: 'green' }] };
  if (type === 'timeseries') {
    const { custom = {} } = defaults;
    defaults.custom = { ...GRAPH, ...custom, stacking: { ...GRAPH.stacking, ...custom.stacking } };
  }
  withInfinity(config);
  return config;
}

export function configureFields(
  data: DataFrame[],
  fieldConfig: FieldConfigSource,
  theme: GrafanaTheme2,
): DataFrame[] {
  const configured = applyFieldOverrides({
    data,
    fieldConfig,
    replaceVariables: interpolate,
    theme,
    fieldConfigRegistry: registry(),
    timeZone: 'utc',
  });
  for (const { fields } of configured)
    for (const field of fields) field.state = { ...field.state, displayName: undefined };
  cacheFieldDisplayNames(configured);
  return configured;
}

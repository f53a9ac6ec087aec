/**
 * Tables: rows are identified by labels, and each query is a column.
 *
 * The first query must return a row for every row of the others, so that its column has one of the two names that
 * Grafana gives it.
 */
import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import type {
  DataTransformerConfig,
  DynamicConfigValue,
  Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { REASON_COVERAGE } from '../../alerts/coverage.ts';
import { COLORS, NEUTRAL, type Steps } from './colors.ts';
import { LINKS } from './links.ts';
import { configure, type PanelOptions, type Query, thresholdSteps, type Unit } from './panel.ts';
import { mappingOf, type Words } from './panels.ts';

export interface Column {
  /** A column without a title is hidden. */
  readonly title?: string;
  readonly expr: string;
  readonly unit?: Unit;
  readonly steps?: Steps;
  readonly words?: Words;
  readonly empty?: string;
}

export interface TableOptions extends Omit<PanelOptions, 'unit'> {
  readonly labels: readonly string[];
  readonly columns: readonly [Column, ...Column[]];
  /** Title of the column to sort by, in descending order. */
  readonly sortBy?: string;
}

/** Grafana numbers the value columns if more than one query returns data. */
function valueNames({ length }: readonly Column[], index: number): readonly string[] {
  const numbered = `Value #${String.fromCharCode('A'.charCodeAt(0) + index)}`;
  if (length === 1) return ['Value'];
  return index === 0 ? ['Value', numbered] : [numbered];
}

function transformations(
  labels: readonly string[],
  columns: readonly Column[],
): readonly DataTransformerConfig[] {
  const renamed = columns.flatMap(({ title }, index) =>
    title === undefined ? [] : valueNames(columns, index).map((name) => [name, title] as const),
  );
  const shown = [...labels, ...renamed.map(([name]) => name)];
  const indexByName = Object.fromEntries(shown.map((name, index) => [name, index]));
  return [
    ...(columns.length === 1 ? [] : [{ id: 'merge', options: {} }]),
    { id: 'filterFieldsByName', options: { include: { names: shown } } },
    { id: 'organize', options: { indexByName, renameByName: Object.fromEntries(renamed) } },
  ];
}

/** Displays a reason as the name of its alert, which is the name of the runbook. */
const RUNBOOKS = mappingOf(
  Object.entries(REASON_COVERAGE).flatMap(([reason, coverage]) =>
    'alert' in coverage ? [[reason, coverage.alert, COLORS.note] as const] : [],
  ),
);

function labelConfig(label: string): DynamicConfigValue[] {
  const link = LINKS[label];
  const links = link === undefined ? [] : [{ id: 'links', value: [link] }];
  // Otherwise Grafana writes the message for an empty panel into each cell without a value.
  const shared = [...links, { id: 'noValue', value: '–' }];
  return label === 'runbook' ? [...shared, { id: 'mappings', value: [RUNBOOKS] }] : shared;
}

function valueConfig({ unit = 'short', steps = NEUTRAL, words, empty = '–' }: Column): DynamicConfigValue[] {
  return [
    { id: 'unit', value: unit },
    { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } },
    { id: 'thresholds', value: { mode: 'absolute', steps: thresholdSteps(steps) } },
    ...(words === undefined ? [] : [{ id: 'mappings', value: [mappingOf(words)] }]),
    { id: 'noValue', value: empty },
  ];
}

export function table({ labels, columns, sortBy, ...options }: TableOptions): Panel {
  const queries: readonly Query[] = columns.map(({ expr }) => ({ expr }));
  const builder = configure(new TableBuilder(), { ...options, unit: 'short' }, queries, 'rows')
    .transformations([...transformations(labels, columns)])
    .filterable(true)
    .sortBy(sortBy === undefined ? [] : [new TableSortByFieldStateBuilder().displayName(sortBy).desc(true)]);
  for (const label of labels) builder.overrideByName(label, labelConfig(label));
  for (const column of columns)
    if (column.title !== undefined) builder.overrideByName(column.title, valueConfig(column));
  return builder.build();
}

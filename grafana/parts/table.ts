/**
 * Tables: rows are identified by labels, and each query is a column.
 *
 * The first query must return a row for every row of the others, so that its column has one of the two names that
 * Grafana gives it.
 */
import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  type DataTransformerConfig,
  type DynamicConfigValue,
  FieldColorModeId,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { RUNBOOK_OF } from '../../alerts/coverage.ts';
import { COLORS, type Color } from './colors.ts';
import { labelColumn, MIN_WIDTH } from './columns.ts';
import { CHOSEN_CLUSTER, isToDashboard, LINKS, withChosenCluster } from './links.ts';
import { configure, type PanelOptions, type Query, type Unit } from './panel.ts';
import { mappingOf, type Words } from './panels.ts';

/** The most rows of a table. More cannot be read, and slow the browser down. */
export const ROWS = 200;

export interface Column {
  /** A column without a title is hidden. */
  readonly title?: string;
  /** A function of the rows is for a value that is cheaper to compute for the rows than for everything. */
  readonly expr: string | ((rows: string) => string);
  readonly unit?: Unit;
  readonly words?: Words;
  /** Whether the words are on a background of their color. Every row must have a word then. */
  readonly isColored?: boolean;
  readonly empty?: string;
  readonly decimals?: number;
  /** In pixels. */
  readonly width?: number;
  /** A bar in each cell; `max` is by default the highest value. */
  readonly bar?: { readonly max?: number; readonly color?: Color };
}

/** The rows are its series. */
export type FirstColumn = Column & { readonly expr: string };

export interface TableOptions extends Omit<PanelOptions, 'unit'> {
  /** The columns before the values. */
  readonly labels: readonly string[];
  readonly columns: readonly [FirstColumn, ...Column[]];
  /** The columns after the values. */
  readonly after?: readonly string[];
  /** Labels that identify a row. The table then has at most `ROWS` rows: those with the highest values in the first column. */
  readonly rowBy?: string;
  /** Adds labels to each row. */
  readonly withLabels?: (rows: string) => string;
  /** Titles of the columns to sort by, in descending order. */
  readonly sortBy?: string | readonly string[];
}

/** Grafana numbers the value columns if more than one query returns data. */
function valueNames({ length }: readonly Column[], index: number): readonly string[] {
  const numbered = `Value #${String.fromCharCode('A'.charCodeAt(0) + index)}`;
  if (length === 1) return ['Value'];
  return index === 0 ? ['Value', numbered] : [numbered];
}

/** Names of the shown fields, in order, and their titles. */
function shownFields({ labels, columns, after = [] }: TableOptions): readonly (readonly [string, string])[] {
  const titled = (names: readonly string[]) => names.map((name) => [name, labelColumn(name).title] as const);
  const values = columns.flatMap(({ title }, index) =>
    title === undefined ? [] : valueNames(columns, index).map((name) => [name, title] as const),
  );
  return [...titled(labels), ...values, ...titled(after)];
}

/** Whether some cell leads to a dashboard, so that its row must say of which cluster. */
function hasDashboardLink({ labels, after = [] }: TableOptions): boolean {
  return [...labels, ...after].some((label) => {
    const link = LINKS[label];
    return link !== undefined && isToDashboard(link);
  });
}

function transformations(options: TableOptions): readonly DataTransformerConfig[] {
  const shown = shownFields(options);
  const names = [...shown.map(([name]) => name), ...(hasDashboardLink(options) ? [CHOSEN_CLUSTER] : [])];
  const indexByName = Object.fromEntries(names.map((name, index) => [name, index]));
  return [
    ...(options.columns.length === 1 ? [] : [{ id: 'merge', options: {} }]),
    { id: 'filterFieldsByName', options: { include: { names } } },
    { id: 'organize', options: { indexByName, renameByName: Object.fromEntries(shown) } },
  ];
}

/** Displays a reason as the name of its runbook. */
const RUNBOOKS = mappingOf(
  Array.from(RUNBOOK_OF, ([reason, runbook]) => [reason, runbook, COLORS.note] as const),
);

function widthConfig(width: number | undefined): DynamicConfigValue[] {
  return [
    width === undefined ? { id: 'custom.minWidth', value: MIN_WIDTH } : { id: 'custom.width', value: width },
  ];
}

const SEVERITY_COLORS = mappingOf([
  ['critical', 'critical', COLORS.critical],
  ['warning', 'warning', COLORS.warning],
  ['info', 'info', COLORS.note],
]);

function labelConfig(label: string, isWide: boolean): DynamicConfigValue[] {
  const link = LINKS[label];
  return [
    ...widthConfig(isWide ? undefined : labelColumn(label).width),
    // At hyphens: names of pods and nodes can be long. A key has one anywhere.
    { id: 'custom.wrapText', value: label !== 'key_id' },
    { id: 'custom.wrapHeaderText', value: true },
    ...(link === undefined ? [] : [{ id: 'links', value: [link] }]),
    ...(label === 'runbook' ? [{ id: 'mappings', value: [RUNBOOKS] }] : []),
    ...(label === 'severity' ? [{ id: 'mappings', value: [SEVERITY_COLORS] }, COLORED] : []),
    // Otherwise Grafana writes the message for an empty panel into each cell without a value.
    { id: 'noValue', value: '–' },
  ];
}

/** Few colors are legible as text both on light and on dark: they are backgrounds. */
const COLORED: DynamicConfigValue = {
  id: 'custom.cellOptions',
  value: { type: TableCellDisplayMode.ColorBackground, mode: 'basic' },
};

function barConfig({ max, color = COLORS.plain }: NonNullable<Column['bar']>): DynamicConfigValue[] {
  return [
    {
      id: 'custom.cellOptions',
      value: { type: TableCellDisplayMode.Gauge, mode: 'basic', valueDisplayMode: 'text' },
    },
    { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } },
    { id: 'min', value: 0 },
    // Otherwise a bar is as long as its share of the highest value of all columns, in any unit.
    { id: 'fieldMinMax', value: true },
    ...(max === undefined ? [] : [{ id: 'max', value: max }]),
  ];
}

function valueConfig(column: Column): DynamicConfigValue[] {
  const { unit = 'short', words, empty = '–', bar, isColored = false, decimals } = column;
  const { width = bar === undefined ? 100 : undefined } = column;
  return [
    { id: 'unit', value: unit },
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...widthConfig(width),
    ...(bar === undefined ? [] : barConfig(bar)),
    ...(words === undefined ? [] : [{ id: 'mappings', value: [mappingOf(words)] }]),
    ...(isColored ? [COLORED] : []),
    { id: 'noValue', value: empty },
  ];
}

/** A field that only links use: by the names that several versions of Grafana have for that. */
const HIDDEN: DynamicConfigValue[] = [
  { id: 'custom.hidden', value: true },
  { id: 'custom.hideFrom', value: { viz: true, legend: false, tooltip: false } },
];

/** Whether some column takes the space that the others leave. */
function hasWideColumn({ labels, columns, after = [] }: TableOptions): boolean {
  const isWideLabel = (label: string) => labelColumn(label).width === undefined;
  return [...labels, ...after].some(isWideLabel) || columns.some(({ bar }) => bar !== undefined);
}

/** The queries of the columns, with no more rows than the table can show. Labels are added to these only: that is expensive. */
function queriesOf(options: TableOptions): readonly Query[] {
  const { columns, rowBy, withLabels = (expr) => expr } = options;
  const [{ expr: first }, ...others] = columns;
  const rows = rowBy === undefined ? first : `topk(${ROWS}, ${first})`;
  const inRows = ({ expr }: Column): string => {
    if (typeof expr === 'function') return expr(rows);
    return rowBy === undefined ? expr : `(${expr})\nand on (${rowBy}) ${rows}`;
  };
  const withCluster = hasDashboardLink(options) ? withChosenCluster : (expr: string) => expr;
  return [rows, ...others.map(inRows)].map((expr) => ({ expr: withCluster(withLabels(expr)) }));
}

function descriptionOf({ description, rowBy }: TableOptions): string {
  return rowBy === undefined ? description : `${description} At most ${ROWS} rows.`;
}

export function table(all: TableOptions): Panel {
  const { labels, columns, after = [], sortBy = [], title, empty } = all;
  const options = {
    title,
    description: descriptionOf(all),
    unit: 'short',
    ...(empty !== undefined && { empty }),
  } as const;
  const builder = configure(new TableBuilder(), options, queriesOf(all), 'rows')
    .transformations([...transformations(all)])
    .filterable(true)
    .sortBy([sortBy].flat().map((title) => new TableSortByFieldStateBuilder().displayName(title).desc(true)));
  const isFirstWide = !hasWideColumn(all);
  for (const [index, label] of [...labels, ...after].entries())
    builder.overrideByName(label, labelConfig(label, isFirstWide && index === 0));
  for (const column of columns)
    if (column.title !== undefined) builder.overrideByName(column.title, valueConfig(column));
  if (hasDashboardLink(all)) builder.overrideByName(CHOSEN_CLUSTER, HIDDEN);
  return builder.build();
}

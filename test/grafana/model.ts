/**
 * The dashboards as Grafana reads them: JSON from the generated files.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const FOLDER = new URL('../../grafana/dashboards/', import.meta.url).pathname;

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly range?: boolean;
  readonly format?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
}

export interface Override {
  readonly matcher: { readonly id: string; readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: unknown }[];
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly Target[];
  readonly maxDataPoints?: number;
  readonly interval?: string;
  readonly panels?: readonly Panel[];
  readonly transformations?: readonly unknown[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly noValue?: string };
    readonly overrides: readonly Override[];
  };
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly query: string | { readonly query: string; readonly refId: string };
  readonly refresh?: number;
  readonly allValue?: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly datasource?: { readonly type: string; readonly uid: string };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly editable: boolean;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly links: readonly Readonly<Record<string, unknown>>[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
}

export const DASHBOARDS: readonly Dashboard[] = globSync('*.json', { cwd: FOLDER })
  .sort()
  .map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Dashboard);

/** All panels except rows. */
export function shownPanels({ panels }: Dashboard): readonly Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

export interface PanelQuery {
  /** Its position, for test titles. */
  readonly where: string;
  readonly dashboard: Dashboard;
  readonly panel: Panel;
  readonly target: Target;
}

export function queriesOf(dashboard: Dashboard): readonly PanelQuery[] {
  return shownPanels(dashboard).flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({
      where: `${dashboard.uid} / ${panel.title} / ${target.refId}`,
      dashboard,
      panel,
      target,
    })),
  );
}

export const QUERIES: readonly PanelQuery[] = DASHBOARDS.flatMap(queriesOf);

/** The selector and the label of a variable with `label_values`. */
export function labelValuesOf({
  query,
}: Variable): { readonly selector: string; readonly label: string } | undefined {
  const found = /^label_values\((.+), (\w+)\)$/s.exec(typeof query === 'string' ? query : query.query);
  const [, selector, label] = found ?? [];
  return selector === undefined || label === undefined ? undefined : { selector, label };
}

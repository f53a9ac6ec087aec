/**
 * A dashboard with its variables, links to the other dashboards, and annotations of alerts.
 */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from './colors.ts';
import { layOut, type Section } from './layout.ts';
import { DATASOURCE } from './panel.ts';

const TAG = 'sa-token-exporter';

/** A variable with the values of a label. */
export interface Variable {
  readonly label: string;
  readonly title: string;
  /** A selector of series with the label, filtered by the variables before it. */
  readonly from: string;
  /** Whether several values can be selected; the default is all. */
  readonly isMulti: boolean;
  /** The matcher for all values; by default a list of them. */
  readonly all?: string;
}

export interface DashboardOptions {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly sections: readonly Section[];
}

function variableBuilder({ label, title, from, isMulti, all }: Variable): QueryVariableBuilder {
  const expr = `label_values(${from}, ${label})`;
  const builder = new QueryVariableBuilder(label)
    .label(title)
    .datasource(DATASOURCE)
    .query({ query: expr, refId: `variable-${label}` })
    .definition(expr)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(isMulti)
    .includeAll(isMulti);
  if (!isMulti) return builder;
  const chosen = builder.current({ selected: true, text: ['All'], value: ['$__all'] });
  return all === undefined ? chosen : chosen.allValue(all);
}

const otherDashboards = new DashboardLinkBuilder('ServiceAccount tokens')
  .type(DashboardLinkType.Dashboards)
  .tags([TAG])
  .asDropdown(true)
  .includeVars(true)
  .keepTime(true);

const alerts = new AnnotationQueryBuilder()
  .name('Alerts')
  .datasource(DATASOURCE)
  .enable(true)
  .iconColor(COLORS.critical)
  .expr('ALERTS{alertname=~"SAToken.+", alertstate="firing", cluster=~"$cluster"}')
  .titleFormat('{{alertname}}')
  .textFormat('{{node}} {{namespace}} {{serviceaccount}}');

export function dashboard({ uid, title, description, variables, sections }: DashboardOptions): Dashboard {
  const model = new DashboardBuilder(`ServiceAccount tokens / ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .link(otherDashboards)
    .annotation(alerts)
    .variables([
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
      ...variables.map(variableBuilder),
    ])
    .build();
  return { ...model, panels: [...layOut(sections)] };
}

/**
 * A dashboard around its panels: variables, the way to its sisters, the alerts that fired.
 *
 * Knows nothing of what the panels show.
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

/** A label to choose by. */
export interface Choice {
  readonly label: string;
  readonly title: string;
  /** A metric that has the label, chosen by the labels before it. */
  readonly from: string;
  /** One value or several, all of them at first. */
  readonly isMulti: boolean;
  /** What all of them is as a matcher; each of them by name where not stated. */
  readonly all?: string;
}

export interface DashboardOptions {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly choices: readonly Choice[];
  readonly sections: readonly Section[];
}

function variable({ label, title, from, isMulti, all }: Choice): QueryVariableBuilder {
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

const sisters = new DashboardLinkBuilder('ServiceAccount tokens')
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

export function dashboard({ uid, title, description, choices, sections }: DashboardOptions): Dashboard {
  const model = new DashboardBuilder(`ServiceAccount tokens / ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .link(sisters)
    .annotation(alerts)
    .variables([
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
      ...choices.map(variable),
    ])
    .build();
  return { ...model, panels: [...layOut(sections)] };
}

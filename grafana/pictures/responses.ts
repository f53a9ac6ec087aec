/**
 * What a Prometheus responds to the queries of a dashboard in a scene.
 */
import type { Dashboard, Panel, Target } from '../../test/grafana/model.ts';
import type { Prometheus, QueryResponse } from '../../test/grafana/prometheus.ts';
import { interpolate, variables } from '../../test/grafana/run-query.ts';
import { STEP } from '../../test/grafana/script.ts';
import type { Scene } from './scenes.ts';

interface Response {
  readonly target: Target;
  readonly data: QueryResponse['data'];
}

/** Everything that the page needs to draw a dashboard. */
export interface Drawing {
  readonly panels: readonly { readonly panel: Panel; readonly responses: readonly Response[] }[];
  readonly variables: Readonly<Record<string, string>>;
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export async function respond(
  prometheus: Prometheus,
  { uid, panels }: Dashboard,
  { at, range, cluster }: Scene,
): Promise<Drawing> {
  const ask = async (target: Target): Promise<Response> => {
    const expr = interpolate(target.expr, uid, { cluster });
    const { error, data } =
      target.range === true
        ? await prometheus.queryRange(expr, at - range, at, STEP)
        : await prometheus.query(expr, at);
    if (data === undefined) throw new Error(`${uid}: ${error}: ${expr}`);
    return { target, data };
  };
  return {
    panels: await Promise.all(
      panels.map(async (panel) => ({ panel, responses: await Promise.all((panel.targets ?? []).map(ask)) })),
    ),
    variables: variables(uid, { cluster }),
    from: at - range,
    to: at,
    step: STEP,
  };
}

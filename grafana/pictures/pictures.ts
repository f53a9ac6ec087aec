/**
 * The pictures in the documentation, and a fingerprint of the dashboards that they show.
 */
import { createHash } from 'node:crypto';
import type { Dashboard, Panel } from '../../test/grafana/model.ts';

interface Picture {
  readonly uid: string;
  readonly scene: string;
  readonly theme: string;
  readonly width: number;
}

function picture(uid: string, scene: string, theme: string): Picture {
  return { uid, scene, theme, width: 1_400 };
}

export const PICTURES: readonly Picture[] = [
  picture('satoken-fleet', 'burning', 'dark'),
  picture('satoken-fleet', 'healthy', 'light'),
  picture('satoken-node', 'burning', 'light'),
  picture('satoken-workload', 'burning', 'dark'),
  picture('satoken-reads', 'burning', 'light'),
  picture('satoken-exporter', 'burning', 'dark'),
];

export function pictureName({ uid, scene, theme, width }: Picture): string {
  return `${uid.replace('satoken', 'dashboard')}-${scene}-${theme}-${width}.png`;
}

/** Links, and the names of runbooks and the colors of series, of which a picture shows few. */
const UNSEEN = new Set(['links', 'mappings', 'color', 'custom.lineStyle']);

function visible({ type, title, gridPos, targets, transformations, options, fieldConfig }: Panel): unknown {
  const overrides = (fieldConfig?.overrides ?? []).map(({ matcher, properties }) => ({
    matcher,
    properties: properties.filter(({ id }) => !UNSEEN.has(id)),
  }));
  const seen = overrides.filter(({ properties }) => properties.length > 0);
  const { defaults } = fieldConfig ?? {};
  return { type, title, gridPos, targets, transformations, options, defaults, overrides: seen };
}

/** Changes if a dashboard with a picture looks different, or puts other queries. */
export function fingerprint(dashboards: readonly Dashboard[]): string {
  const pictured = dashboards.filter(({ uid }) => PICTURES.some((one) => one.uid === uid));
  const seen = pictured.map(({ uid, panels }) => ({ uid, panels: panels.map(visible) }));
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex');
}

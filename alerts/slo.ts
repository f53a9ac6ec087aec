/**
 * Recording rules for service level objectives, see docs/slo.md. They work without series of tokens.
 */
import { BY, bridged, type Group } from './rule.ts';

/** Tokens that the kubelet should rotate. */
const ROTATED = `max by (${BY.node}, kind, origin) (${bridged('satoken_tokens{kind="projected",origin=~"kubelet|unknown"}')})`;
const OVERDUE = `max by (${BY.node}, reason, severity) (${bridged('satoken_problems{reason="rotation_overdue"}')})`;

const TOKENS = 'cluster:satoken_rotated_tokens:count';
const OVERDUE_TOKENS = 'cluster:satoken_overdue_tokens:count';

export const SLO_GROUP: Group = {
  name: 'sa-token-exporter-slo',
  recordings: [
    { record: TOKENS, expr: `sum by (${BY.cluster}) (${ROTATED})` },
    { record: OVERDUE_TOKENS, expr: `sum by (${BY.cluster}) (${OVERDUE})` },
    {
      record: 'cluster:satoken_rotated_in_time:ratio',
      expr: `clamp_min(1 - ${OVERDUE_TOKENS} / (${TOKENS} > 0), 0)`,
    },
  ],
  alerts: [],
};

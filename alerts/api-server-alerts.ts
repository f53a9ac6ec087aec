/**
 * Alerts on tokens that the API server sees in use and that are in no file on any node.
 *
 * They are silent if Prometheus does not scrape the API server.
 */
import { HOLDERS } from './details.ts';
import { knob } from './knobs.ts';
import { BY, bridged, type Group, lines } from './rule.ts';

const info = { severity: 'info', for: knob('habit'), dashboard: 'fleet' } as const;

/** The counter increases, and no node of the cluster has such a token. */
function usedElsewhere(counter: string, onNodes: string): string {
  return lines(
    `sum by (${BY.cluster}) (rate(${counter}[${knob('errorWindow')}])) > 0`,
    `and on (${BY.cluster})`,
    `sum by (${BY.cluster}) (${bridged(onNodes)}) == 0`,
  );
}

export const API_SERVER_GROUP: Group = {
  name: 'sa-token-exporter-api-server',
  recordings: [],
  alerts: [
    {
      ...info,
      name: 'SATokenStaleUse',
      expr: usedElsewhere('serviceaccount_stale_tokens_total', 'satoken_token_state{state="stale"}'),
      summary: 'An application keeps using a service account token that was rotated long ago.',
      description: `The API server receives tokens past their lifetime ({{ printf "%.2f" $value }} per second) although no file on any node is stale: an application read its token once and kept it.${HOLDERS} Check first: the annotation authentication.k8s.io/stale-token in the audit log, which names the account.`,
    },
    {
      ...info,
      name: 'SATokenLegacyUse',
      expr: usedElsewhere('serviceaccount_legacy_tokens_total', 'satoken_tokens{kind="legacy"}'),
      summary: 'Legacy service account tokens are in use that no pod mounts.',
      description:
        'The API server receives legacy tokens ({{ printf "%.2f" $value }} per second) although no pod mounts one: they are used from outside of the cluster, or were copied. Check first: the label kubernetes.io/legacy-token-last-used of the Secrets.',
    },
  ],
};

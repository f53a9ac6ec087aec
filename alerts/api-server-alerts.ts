/**
 * Alerts on what the API server counts of the tokens it is shown, held against the files on the nodes.
 *
 * Optional: silent where Prometheus does not scrape the API server. Knows nothing of who uses a token.
 */
import { knob } from './knobs.ts';
import { BY, bridged, type Group, lines } from './rule.ts';

const warning = { severity: 'warning', for: knob('habit'), dashboard: 'fleet' } as const;

/** In use, and on no node of the cluster. */
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
      ...warning,
      name: 'SATokenStaleUse',
      expr: usedElsewhere('serviceaccount_stale_tokens_total', 'satoken_token_state{state="stale"}'),
      summary: 'An application keeps using a service account token that was replaced long ago.',
      description:
        'The API server is shown tokens past their lifetime ({{ printf "%.2f" $value }} a second) while every file on every node is fresh: an application read its token once and kept it. Check first: the annotation authentication.k8s.io/stale-token in the audit log, which names the account.',
    },
    {
      ...warning,
      name: 'SATokenLegacyUse',
      expr: usedElsewhere('serviceaccount_legacy_tokens_total', 'satoken_tokens{kind="legacy"}'),
      summary: 'Legacy service account tokens are used that no pod mounts.',
      description:
        'The API server is shown legacy tokens ({{ printf "%.2f" $value }} a second) while no pod mounts one: they are used from outside, or were copied. Check first: the label kubernetes.io/legacy-token-last-used of the Secrets.',
    },
  ],
};

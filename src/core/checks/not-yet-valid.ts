/**
 * The token begins in the future, beyond the leeway of the API server: the clock of the node or of the API server is
 * wrong.
 *
 * The kubelet does not refresh such a token before it is due.
 */
import { formatRelative } from '../../util/duration.ts';
import { ALWAYS } from '../problems/severity.ts';
import { CLOCK_LEEWAY, validFrom } from '../rotation.ts';
import { type Check, fail, PASS } from './check.ts';

export const notYetValid = {
  reason: 'not_yet_valid',
  summary: 'The token is not valid yet: the clock of the node or of the API server is wrong.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet', 'unknown'],
  runbook: 'SATokenNotYetValid',
  judge: ({ token: { claims } }, now) => {
    const accepted = validFrom(claims);
    return now < accepted
      ? fail(`becomes valid ${formatRelative(now, accepted + CLOCK_LEEWAY)}`, 'critical')
      : PASS;
  },
  fix: () => [
    'timedatectl status  # on the node and on the control plane: is the clock synchronized?',
    'systemctl restart kubelet  # after the clocks agree: the kubelet requests new tokens at once',
  ],
} as const satisfies Check;

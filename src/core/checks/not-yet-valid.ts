/**
 * The token begins in the future by more than the leeway of the API server: somebody's clock is wrong.
 *
 * A kubelet that holds such a token never refreshes it before its time. Knows not whose clock it is.
 */

import { formatRelative } from '../format.ts';
import { CLOCK_LEEWAY, validFrom } from '../rotation.ts';
import { type Check, fail, PASS } from './check.ts';

export const notYetValid = {
  reason: 'not_yet_valid',
  summary: 'The token begins in the future: the clock of the node or of the API server is wrong.',
  severity: 'critical',
  runbook: 'SATokenNotYetValid',
  judge: ({ token: { claims } }, now) => {
    const accepted = validFrom(claims);
    return now < accepted ? fail(`begins ${formatRelative(now, accepted + CLOCK_LEEWAY)}`) : PASS;
  },
  fix: () => [
    'timedatectl status  # on the node and on the control plane: is the clock synchronised?',
    'systemctl restart kubelet  # once the clocks agree: it asks for new tokens at once',
  ],
} as const satisfies Check;

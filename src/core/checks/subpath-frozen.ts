/**
 * A container mounts the token with `subPath`, so it keeps the one that it started with, while the volume was rotated.
 *
 * How urgent that is depends on when the copy expires: the API server extends default tokens to a year.
 */
import { formatRelative } from '../../util/duration.ts';
import { refreshDueOf } from '../rotation.ts';
import type { EpochSeconds, Token, TokenClaims } from '../token/token.ts';
import { type Check, fail, PASS } from './check.ts';
import { findPod, podArguments, quoted } from './commands.ts';

const WARNING_SECONDS = 7 * 86_400;

/**
 * The slack of a token of 24 hours. The kubelet rotates one that lives longer after 24 hours as well, so that it has
 * days or weeks left then: time enough to restart the pod.
 */
const MAX_SLACK_SECONDS = 0.2 * 86_400;

/** The time that the kubelet has for a rotation: a copy with less is as good as expired. */
function slackOf({ issuedAt, warnAfter, expiresAt }: TokenClaims): number {
  const end = warnAfter ?? expiresAt;
  return issuedAt === undefined || end === undefined
    ? 0
    : Math.min(MAX_SLACK_SECONDS, end - refreshDueOf(issuedAt, end));
}

function severityOf(claims: TokenClaims, expiresAt: EpochSeconds, now: EpochSeconds) {
  const left = expiresAt - now;
  if (left < slackOf(claims)) return 'critical';
  return left < WARNING_SECONDS ? 'warning' : 'info';
}

function containerOf({ copy }: Token): string {
  return quoted(copy?.container ?? '');
}

export const subpathFrozen = {
  reason: 'subpath_frozen',
  summary: 'A container mounts the token with subPath and keeps the one that it started with.',
  severities: {
    critical:
      'the copy has expired, or does within the time between refresh due and expiration, at most 4.8 hours',
    warning: 'the copy expires within seven days',
    info: 'the copy expires later',
  },
  appliesTo: ['kubelet'],
  isForCopies: true,
  runbook: 'SATokenSubpathFrozen',
  judge: ({ token: { claims, copy } }, now) => {
    const { expiresAt } = claims;
    if (copy?.replacedAt === undefined || expiresAt === undefined) return PASS;
    const expires = `${now < expiresAt ? 'expires' : 'expired'} ${formatRelative(now, expiresAt)}`;
    return fail(
      `container ${copy.container} keeps a token that was replaced ${formatRelative(now, copy.replacedAt)} and ${expires}`,
      severityOf(claims, expiresAt, now),
    );
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl get pod ${podArguments(token)} -o yaml  # in container ${containerOf(token)}, the volumeMounts with name: ${token.identity.volume} and subPath`,
    'In the manifest of the workload, remove subPath, mount the volume at a directory, and let the application read the file in it',
    `kubectl delete pod ${podArguments(token)}  # until then, before the copy expires: a new pod starts with the current token`,
  ],
} as const satisfies Check;

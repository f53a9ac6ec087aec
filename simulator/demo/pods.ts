/**
 * The pods of the demo and what the exporter is expected to report about each of them.
 */
import type { Pod } from '../objects.ts';
import type { World } from '../world.ts';
import * as scenarios from './scenarios.ts';

export interface DemoPod {
  readonly name: string;
  /** A short description, printed by the demo. */
  readonly shows: string;
  /** A series that shows it. */
  readonly lookFor: string;
  /** If the demo runs as root, it reads the token, and there is no such series. */
  readonly isReadableByRoot?: boolean;
  /** All reasons of `satoken_problem`. */
  readonly reasons: readonly string[];
  /** The cause in `satoken_overdue_cause`. */
  readonly cause?: string;
  readonly scenario: scenarios.Scenario;
}

type Rest = Pick<DemoPod, 'scenario'> & Partial<DemoPod>;

function row(name: string, shows: string, lookFor: string, rest: Rest): DemoPod {
  return { name, shows, lookFor, reasons: [], ...rest };
}

/** A pod that is shown by its first reason. */
function problem(name: string, shows: string, reasons: readonly string[], rest: Rest): DemoPod {
  return row(name, shows, `satoken_problem{reason="${reasons[0]}"}`, { ...rest, reasons });
}

function unreadable(name: string, shows: string, reason: string, scenario: scenarios.Scenario): DemoPod {
  return row(name, shows, `satoken_unreadable{reason="${reason}"}`, { scenario });
}

function withoutToken(name: string, shows: string, reason: string, scenario: scenarios.Scenario): DemoPod {
  return row(name, shows, `satoken_pods_without_token{reason="${reason}"}`, { scenario });
}

const { aged, fileFault, vaultPod } = scenarios;
const OVERDUE = 'rotation_overdue';

export const DEMO_PODS: readonly DemoPod[] = [
  // First, because it withdraws the signing key of all tokens so far.
  problem('oldkey', 'token signed with a withdrawn key', ['signing_key_unknown'], {
    scenario: scenarios.keyWithdrawn,
  }),
  problem('migrated', 'token from a former issuer', ['issuer_mismatch'], {
    scenario: scenarios.issuerChanged,
  }),
  row('shop', 'twelve healthy pods, one rotation every 45 s', 'satoken_rotations_total', {
    scenario: scenarios.healthy,
  }),
  problem('uploader', '24 h token, 15 min overdue: another volume fails to mount', [OVERDUE], {
    cause: 'sibling_volume_failed',
    scenario: scenarios.siblingVolumeFailed,
  }),
  problem('controller', 'default token past its hour, extended to a year', ['stale', OVERDUE], {
    cause: 'unknown',
    scenario: aged((name) => ({ name, namespace: scenarios.NAMESPACE, serviceAccount: name }), 4_000),
  }),
  problem(
    'payments',
    'expired token, its service account was deleted',
    ['expired', OVERDUE, 'service_account_missing'],
    { cause: 'service_account_missing', scenario: scenarios.accountDeleted(900) },
  ),
  problem('ghost', 'service account deleted just now', ['service_account_missing'], {
    scenario: scenarios.accountDeleted(120),
  }),
  problem('reborn', 'service account deleted and recreated', ['service_account_recreated'], {
    scenario: scenarios.accountRecreated,
  }),
  problem('partner', 'audience rejected by the API server', ['expired', OVERDUE], {
    cause: 'audience_refused',
    scenario: scenarios.audienceDenied,
  }),
  problem('clock', 'token issued in the future, as after a clock jump', ['not_yet_valid'], {
    cause: 'clock_skew',
    scenario: aged((name) => vaultPod(name), -3_600),
  }),
  problem('typo', 'token for the misspelled audience valut', ['audience_mismatch'], {
    scenario: aged((name) => vaultPod(name, 'valut', 7_200), 60),
  }),
  problem('copied', 'token bound to another pod', ['pod_mismatch'], {
    scenario: scenarios.tokenOfAnotherPod,
  }),
  problem('forged', 'token with an altered signature', ['signature_invalid'], {
    scenario: scenarios.signatureAltered,
  }),
  problem('lost', 'token in the pod spec but not on disk', ['token_missing'], {
    scenario: fileFault('missing', 300),
  }),
  problem('legacy', 'token from a Secret that never expires', ['legacy_token'], {
    scenario: scenarios.legacyToken,
  }),
  problem('orphan', 'legacy token whose Secret was deleted', ['legacy_secret_missing', 'legacy_token'], {
    scenario: scenarios.legacySecretDeleted,
  }),
  problem('waiting', 'pod waiting for a token Secret', ['legacy_secret_missing'], {
    scenario: scenarios.legacySecretNeverCreated,
  }),
  row(
    'leaving',
    'expired token of a terminating pod: not a problem',
    'satoken_overdue_cause{cause="pod_terminating"}',
    { cause: 'pod_terminating', scenario: scenarios.podTerminating },
  ),
  row('done', 'completed pod: not a problem', 'satoken_tokens', { scenario: scenarios.podCompleted }),
  withoutToken(
    'quiet',
    'automounting disabled in the pod',
    'automount_disabled_pod',
    scenarios.automountOffInPod,
  ),
  withoutToken(
    'silent',
    'automounting disabled in the service account',
    'automount_disabled_serviceaccount',
    scenarios.automountOffInAccount,
  ),
  unreadable('garbage', 'file that is not a JWT', 'not_a_jwt', fileFault('garbage')),
  unreadable('emptied', 'empty file', 'empty', fileFault('empty')),
  unreadable('huge', '10 MB file', 'too_large', fileFault('oversized')),
  unreadable('fifo', 'named pipe instead of a file', 'not_a_file', fileFault('fifo')),
  unreadable('escape', 'link that leaves the volume', 'bad_link', fileFault('linkOutside')),
  {
    ...unreadable(
      'locked',
      'file with mode 0000; root can read it',
      'permission_denied',
      fileFault('modeZero'),
    ),
    isReadableByRoot: true,
  },
  unreadable(
    'unmounted',
    'empty volume, as seen without mount propagation',
    'not_mounted',
    fileFault('emptyVolume'),
  ),
];

const EXPORTER = 'sa-token-exporter';

/** Starts all pods of the demo and returns the pod of the exporter. */
export function startDemoPods(world: World): Pod {
  for (const { name, scenario } of DEMO_PODS) scenario(world, name);
  return scenarios.runExporter(world, EXPORTER);
}

/**
 * The pods of the demo and what the exporter is expected to report about each of them.
 */
import type { Pod } from '../objects.ts';
import type { World } from '../world.ts';
import { DAY, lasting, retried } from './lasting.ts';
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
const MINUTE = 60;
/** The age of a token whose refresh was due a quarter of an hour ago. */
const LATE = DAY + 15 * MINUTE;

export const DEMO_PODS: readonly DemoPod[] = [
  // First, because it withdraws the signing key of all tokens so far.
  problem('oldkey', 'token signed with a withdrawn key', ['signing_key_unknown'], {
    scenario: lasting(scenarios.keyWithdrawn),
  }),
  problem('migrated', 'token from a former issuer', ['issuer_mismatch'], {
    scenario: lasting(scenarios.issuerChanged),
  }),
  row('shop', 'twelve healthy pods, one rotation every 45 s', 'satoken_rotations_total', {
    scenario: scenarios.healthy,
  }),
  problem('uploader', '7 d token, 15 min overdue: another volume fails to mount', [OVERDUE], {
    cause: 'sibling_volume_failed',
    scenario: retried(lasting(scenarios.siblingVolumeFailed, LATE)),
  }),
  problem('database', '7 d token, 15 min overdue: a PersistentVolumeClaim was deleted', [OVERDUE], {
    cause: 'claim_missing',
    scenario: lasting(scenarios.claimDeleted, LATE),
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
    scenario: lasting(scenarios.accountDeleted(2 * MINUTE)),
  }),
  problem('reborn', 'service account deleted and recreated', ['service_account_recreated'], {
    scenario: lasting(scenarios.accountRecreated),
  }),
  problem('partner', 'audience rejected by the API server', ['expired', OVERDUE], {
    cause: 'audience_refused',
    scenario: retried(scenarios.audienceDenied),
  }),
  problem('clock', 'token issued in the future, as after a clock jump', ['not_yet_valid'], {
    cause: 'clock_skew',
    scenario: lasting(aged(vaultPod, -2 * DAY)),
  }),
  problem('typo', 'token for the misspelled audience valut', ['audience_mismatch'], {
    scenario: lasting(aged((name) => vaultPod(name, 'valut'), MINUTE)),
  }),
  problem('copied', 'token bound to another pod', ['pod_mismatch'], {
    scenario: lasting(scenarios.tokenOfAnotherPod),
  }),
  problem('forged', 'token with an altered signature', ['signature_invalid'], {
    scenario: lasting(scenarios.signatureAltered),
  }),
  problem('frozen', 'token mounted with subPath, which never sees a rotation', ['subpath_frozen'], {
    scenario: lasting(scenarios.subPathCopy),
  }),
  problem('covered', 'volume mounted again over the one that the container sees', ['container_view_stale'], {
    scenario: lasting(scenarios.mountedAgain),
  }),
  problem('lost', 'token in the pod spec but not on disk', ['token_missing'], {
    scenario: lasting(fileFault('missing', 5 * MINUTE)),
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
  problem('draining', 'terminating for two weeks, with a token of one week', ['terminating'], {
    scenario: lasting(scenarios.longTermination(14 * DAY)),
  }),
  row(
    'leaving',
    'late token of a pod that terminates before it expires: not a problem',
    'satoken_overdue_cause{cause="pod_terminating"}',
    { cause: 'pod_terminating', scenario: lasting(scenarios.longTermination(5 * DAY), LATE) },
  ),
  problem('deserted', 'deleted by force; the kubelet never removed it', ['orphaned'], {
    cause: 'pod_terminating',
    scenario: lasting(scenarios.deletedByForce, LATE),
  }),
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
      lasting(fileFault('modeZero')),
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

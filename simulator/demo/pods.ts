/**
 * The pods of the demo: a row for each thing that is worth seeing, and what there is to find.
 *
 * Knows what the exporter should find, not how it does.
 */

import type { Pod } from '../objects.ts';
import type { World } from '../world.ts';
import * as plays from './scenarios.ts';

export interface DemoPod {
  readonly name: string;
  /** What there is to see, in a few words. */
  readonly shows: string;
  /** A line of the metrics that shows it. */
  readonly lookFor: string;
  /** The reasons of `satoken_problem`, all of them. */
  readonly reasons: readonly string[];
  /** The value of `satoken_overdue_cause` it counts in. */
  readonly cause?: string;
  readonly play: plays.Play;
}

type Rest = Pick<DemoPod, 'play'> & Partial<DemoPod>;

function row(name: string, shows: string, lookFor: string, rest: Rest): DemoPod {
  return { name, shows, lookFor, reasons: [], ...rest };
}

/** A pod whose first reason is what to look for. */
function problem(name: string, shows: string, reasons: readonly string[], rest: Rest): DemoPod {
  return row(name, shows, `satoken_problem{reason="${reasons[0]}"}`, { ...rest, reasons });
}

function unreadable(name: string, shows: string, reason: string, play: plays.Play): DemoPod {
  return row(name, shows, `satoken_unreadable{reason="${reason}"}`, { play });
}

function withoutToken(name: string, shows: string, reason: string, play: plays.Play): DemoPod {
  return row(name, shows, `satoken_pods_without_token{reason="${reason}"}`, { play });
}

const { aged, broken, vault } = plays;
const LATE = 'rotation_overdue';

export const DEMO_PODS: readonly DemoPod[] = [
  // First, since it withdraws the key that signs.
  problem('oldkey', 'a token signed with a key that was withdrawn', ['signing_key_unknown'], {
    play: plays.withdrawn,
  }),
  problem('migrated', 'a token of a former issuer', ['issuer_mismatch'], { play: plays.migrated }),
  row('shop', 'twelve healthy pods, one token replaced every 45 s', 'satoken_rotations_total', {
    play: plays.healthy,
  }),
  problem('uploader', 'a day-long token, 15 minutes late: another volume does not mount', [LATE], {
    cause: 'sibling_volume_failed',
    play: plays.heldUp,
  }),
  problem('controller', 'a default token past its hour, accepted for a year', ['stale', LATE], {
    cause: 'unknown',
    play: aged((name) => ({ name, namespace: plays.NAMESPACE, serviceAccount: name }), 4_000),
  }),
  problem(
    'payments',
    'a token that expired after its account was deleted',
    ['expired', LATE, 'service_account_missing'],
    {
      cause: 'service_account_missing',
      play: plays.doomed(900),
    },
  ),
  problem('ghost', 'an account that was just deleted', ['service_account_missing'], {
    play: plays.doomed(120),
  }),
  problem('reborn', 'an account deleted and made again', ['service_account_recreated'], {
    play: plays.reborn,
  }),
  problem('partner', 'an audience that the API server refuses', ['expired', LATE], {
    cause: 'audience_refused',
    play: plays.refusedAudience,
  }),
  problem('clock', 'a token issued in the future, as after a jump of the clock', ['not_yet_valid'], {
    cause: 'clock_skew',
    play: aged((name) => vault(name), -3_600),
  }),
  problem('typo', 'a token for the audience valut', ['audience_mismatch'], {
    play: aged((name) => vault(name, 'valut', 7_200), 60),
  }),
  problem('copied', 'a token that is bound to another pod', ['pod_mismatch'], { play: plays.copied }),
  problem('forged', 'a token whose signature was changed', ['signature_invalid'], { play: plays.forged }),
  problem('lost', 'a token the spec asks for and nobody wrote', ['token_missing'], {
    play: broken('removed', 300),
  }),
  problem('legacy', 'a token that never ends, out of a Secret', ['legacy_token'], { play: plays.legacy }),
  problem('orphan', 'a legacy token whose Secret was deleted', ['legacy_secret_missing', 'legacy_token'], {
    play: plays.legacyGone,
  }),
  problem('waiting', 'a pod that waits for a token Secret', ['legacy_secret_missing'], {
    play: plays.waiting,
  }),
  row(
    'leaving',
    'an expired token of a pod that terminates: no trouble',
    'satoken_overdue_cause{cause="pod_terminating"}',
    {
      cause: 'pod_terminating',
      play: plays.terminating,
    },
  ),
  row('done', 'a pod that ended well: nothing', 'satoken_tokens', { play: plays.completed }),
  withoutToken('quiet', 'a pod that wants no token', 'automount_disabled_pod', plays.tokenless),
  withoutToken(
    'silent',
    'an account that wants no token',
    'automount_disabled_serviceaccount',
    plays.tokenlessByAccount,
  ),
  unreadable('garbage', 'bytes that are no token', 'not_a_jwt', broken('garbage')),
  unreadable('emptied', 'an empty file', 'empty', broken('emptied')),
  unreadable('huge', '10 MB where a token belongs', 'too_large', broken('oversized')),
  unreadable('fifo', 'a named pipe in place of the file', 'not_a_file', broken('fifo')),
  unreadable('escape', 'a link out of the volume', 'bad_link', broken('linkOut')),
  unreadable(
    'locked',
    'a file of mode 0000, which root reads all the same',
    'permission_denied',
    broken('locked'),
  ),
  unreadable(
    'unmounted',
    'a volume that looks empty, as without mount propagation',
    'not_mounted',
    broken('emptyFolder'),
  ),
];

const EXPORTER = 'sa-token-exporter';

/** Runs them all, and the exporter's own pod, which it answers. */
export function playDemo(world: World): Pod {
  for (const { name, play } of DEMO_PODS) play(world, name);
  return plays.exporter(world, EXPORTER);
}

/**
 * Trouble, one kind at a time, on a node where all is well: within one interval it is found, by its own reason and cause,
 * and nothing else is.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as plays from '../../simulator/demo/scenarios.ts';
import type { World } from '../../simulator/world.ts';
import type { Reason } from '../../src/core/checks/index.ts';
import { OVERDUE_CAUSES, type OverdueCause } from '../../src/core/overdue-cause.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { startAgent, type TestAgent } from '../support/agent.ts';

const INTERVAL = 30;

interface Injection {
  /** The trouble, as a person would tell it. */
  readonly it: string;
  readonly play: (world: World, name: string) => void;
  readonly reasons: readonly Reason[];
  readonly causes: readonly OverdueCause[];
}

function row(
  it: string,
  play: Injection['play'],
  reasons: readonly Reason[],
  ...causes: readonly OverdueCause[]
): Injection {
  return { it, play, reasons, causes };
}

/** A token of ten minutes, this old. */
const left = (age: number): plays.Play => plays.aged((name) => plays.vault(name), age);
const LATE: Reason = 'rotation_overdue';

const INJECTIONS: readonly Injection[] = [
  row('the service account was deleted', plays.doomed(120), ['service_account_missing']),
  row('the service account was deleted and made again', plays.reborn, ['service_account_recreated']),
  row('automounting is off in the pod', plays.tokenless, []),
  row('automounting is off in the account', plays.tokenlessByAccount, []),
  row('the kubelet did not refresh the token', left(560), [LATE], 'unknown'),
  row('the token expired', left(610), ['expired', LATE], 'unknown'),
  row(
    'the audience is wrong',
    plays.aged((name) => plays.vault(name, 'valut', 7_200), 60),
    ['audience_mismatch'],
  ),
  row('a legacy token is in use', plays.legacy, ['legacy_token']),
  row('the Secret of a legacy token was deleted', plays.legacyGone, [
    'legacy_secret_missing',
    'legacy_token',
  ]),
  row('a pod waits for a legacy Secret', plays.waiting, ['legacy_secret_missing']),
  row(
    'the signing key was withdrawn',
    (world, name) => {
      plays.withdrawn(world, name);
      // The first token signed with the new key tells that there is one.
      for (const { metadata } of world.kubelet.pods())
        if (metadata.name !== name) world.kubelet.rotate(metadata.uid);
    },
    ['signing_key_unknown'],
  ),
  row('the issuer changed', plays.migrated, ['issuer_mismatch']),
  row('a signature is wrong', plays.forged, ['signature_invalid']),
  row('a token is missing', plays.broken('removed', 300), ['token_missing']),
  row('a token lies in another pod', plays.copied, ['pod_mismatch']),
  row('late: the pod terminates', plays.terminating, [], 'pod_terminating'),
  row(
    'late: the account is gone',
    plays.doomed(560),
    [LATE, 'service_account_missing'],
    'service_account_missing',
  ),
  row(
    'late: the account is another',
    (world, name) => {
      const { uid } = world.run(plays.vault(name), 560).metadata;
      world.cluster.deleteServiceAccount(plays.NAMESPACE, name);
      world.cluster.createServiceAccount(plays.NAMESPACE, name);
      assert.ok(uid);
    },
    [LATE, 'service_account_recreated'],
    'service_account_recreated',
  ),
  row('late: another volume does not mount', plays.heldUp, [LATE], 'sibling_volume_failed'),
  row('late: the audience is refused', plays.refusedAudience, ['expired', LATE], 'audience_refused'),
  row('late: the clock jumped', left(-3_600), ['not_yet_valid'], 'clock_skew'),
  row(
    'late: the kubelet is down',
    (world, name) => {
      for (const pod of ['a', 'b', 'c']) world.run(plays.vault(`${name}-${pod}`), 560);
    },
    [LATE],
    'node_wide',
  ),
];

function found({ problems, byCause }: Snapshot) {
  const counted = <K>(counts: ReadonlyMap<K, number>): readonly K[] =>
    [...counts].filter(([, count]) => count > 0).map(([key]) => key);
  return { reasons: counted(problems).toSorted(), causes: counted(byCause).toSorted() };
}

describe('trouble, one kind at a time', () => {
  for (const { it: title, play, reasons, causes } of INJECTIONS) {
    describe(title, () => {
      let agent: TestAgent;
      let time = 1_795_000_000;
      before(async () => {
        agent = await startAgent(time);
        agent.world.keepFresh(agent.world.run({ name: 'bystander', serviceAccount: 'bystander' }));
      });
      after(() => agent.close());

      it(`is ${[...reasons, ...causes].join(', ') || 'no problem'} within an interval, and nothing else`, async () => {
        assert.deepEqual(found(await agent.stepTo(time)), { reasons: [], causes: [] });
        play(agent.world, 'victim');
        time += 1;
        await agent.stepTo(time);
        const snapshot = await agent.stepTo(time + INTERVAL - 1);
        assert.deepEqual(found(snapshot), { reasons: [...reasons].sort(), causes: [...causes].sort() });
      });
    });
  }

  it('has been every cause there is', () => {
    const injected = new Set(INJECTIONS.flatMap(({ causes }) => causes));
    assert.deepEqual([...injected].sort(), [...OVERDUE_CAUSES].sort());
  });
});

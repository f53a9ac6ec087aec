/**
 * Trouble, one kind at a time, on a node where all is well: within one interval it is found, by its own reason and cause,
 * and nothing else is.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as scenarios from '../../simulator/demo/scenarios.ts';
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
const left = (age: number): scenarios.Scenario => scenarios.aged((name) => scenarios.vaultPod(name), age);
const LATE: Reason = 'rotation_overdue';

const INJECTIONS: readonly Injection[] = [
  row('the service account was deleted', scenarios.accountDeleted(120), ['service_account_missing']),
  row('the service account was deleted and made again', scenarios.accountRecreated, [
    'service_account_recreated',
  ]),
  row('automounting is off in the pod', scenarios.automountOffInPod, []),
  row('automounting is off in the account', scenarios.automountOffInAccount, []),
  row('the kubelet did not refresh the token', left(560), [LATE], 'unknown'),
  row('the token expired', left(610), ['expired', LATE], 'unknown'),
  row(
    'the audience is wrong',
    scenarios.aged((name) => scenarios.vaultPod(name, 'valut', 7_200), 60),
    ['audience_mismatch'],
  ),
  row('a legacy token is in use', scenarios.legacyToken, ['legacy_token']),
  row('the Secret of a legacy token was deleted', scenarios.legacySecretDeleted, [
    'legacy_secret_missing',
    'legacy_token',
  ]),
  row('a pod waits for a legacy Secret', scenarios.legacySecretNeverCreated, ['legacy_secret_missing']),
  row(
    'the signing key was withdrawn',
    (world, name) => {
      scenarios.keyWithdrawn(world, name);
      // The first token signed with the new key tells that there is one.
      for (const { metadata } of world.kubelet.pods())
        if (metadata.name !== name) world.kubelet.rotate(metadata.uid);
    },
    ['signing_key_unknown'],
  ),
  row('the issuer changed', scenarios.issuerChanged, ['issuer_mismatch']),
  row('a signature is wrong', scenarios.signatureAltered, ['signature_invalid']),
  row('a token is missing', scenarios.fileFault('missing', 300), ['token_missing']),
  row('a token lies in another pod', scenarios.tokenOfAnotherPod, ['pod_mismatch']),
  row('late: the pod terminates', scenarios.podTerminating, [], 'pod_terminating'),
  row(
    'late: the account is gone',
    scenarios.accountDeleted(560),
    [LATE, 'service_account_missing'],
    'service_account_missing',
  ),
  row(
    'late: the account is another',
    (world, name) => {
      const { uid } = world.run(scenarios.vaultPod(name), 560).metadata;
      world.cluster.deleteServiceAccount(scenarios.NAMESPACE, name);
      world.cluster.createServiceAccount(scenarios.NAMESPACE, name);
      assert.ok(uid);
    },
    [LATE, 'service_account_recreated'],
    'service_account_recreated',
  ),
  row('late: another volume does not mount', scenarios.siblingVolumeFailed, [LATE], 'sibling_volume_failed'),
  row('late: the audience is refused', scenarios.audienceDenied, ['expired', LATE], 'audience_refused'),
  row('late: the clock jumped', left(-3_600), ['not_yet_valid'], 'clock_skew'),
  row(
    'late: the kubelet is down',
    (world, name) => {
      for (const pod of ['a', 'b', 'c']) world.run(scenarios.vaultPod(`${name}-${pod}`), 560);
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
        agent.world.startSyncing(agent.world.run({ name: 'bystander', serviceAccount: 'bystander' }));
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

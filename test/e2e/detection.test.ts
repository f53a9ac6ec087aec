/**
 * One failure at a time on a healthy node: within one scan interval it is reported with its reasons and cause, and
 * nothing else is reported.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as scenarios from '../../simulator/demo/scenarios.ts';
import { OVERDUE_CAUSES, type OverdueCause } from '../../src/core/causes/overdue-cause.ts';
import type { Reason } from '../../src/core/checks/index.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { type SteppedExporter, startSteppedExporter } from '../support/stepped-exporter.ts';

const INTERVAL = 30;

interface Failure {
  readonly it: string;
  readonly run: scenarios.Scenario;
  readonly reasons: readonly Reason[];
  readonly causes: readonly OverdueCause[];
}

function row(
  it: string,
  run: scenarios.Scenario,
  reasons: readonly Reason[],
  ...causes: readonly OverdueCause[]
): Failure {
  return { it, run, reasons, causes };
}

/** A token of 600 s that was not rotated since. */
const notRotated = (age: number): scenarios.Scenario =>
  scenarios.aged((name) => scenarios.vaultPod(name), age);
const OVERDUE: Reason = 'rotation_overdue';

const FAILURES: readonly Failure[] = [
  row('a deleted service account', scenarios.accountDeleted(120), ['service_account_missing']),
  row('a recreated service account', scenarios.accountRecreated, ['service_account_recreated']),
  row('automounting disabled in the pod', scenarios.automountOffInPod, []),
  row('automounting disabled in the service account', scenarios.automountOffInAccount, []),
  row('a token past its grace period', notRotated(560), [OVERDUE], 'unknown'),
  row('an expired token', notRotated(610), ['expired', OVERDUE], 'unknown'),
  row(
    'a token for another audience',
    scenarios.aged((name) => scenarios.vaultPod(name, 'valut', 7_200), 60),
    ['audience_mismatch'],
  ),
  row('a legacy token', scenarios.legacyToken, ['legacy_token']),
  row('a legacy token whose Secret was deleted', scenarios.legacySecretDeleted, [
    'legacy_secret_missing',
    'legacy_token',
  ]),
  row('a pod that waits for a legacy Secret', scenarios.legacySecretNeverCreated, ['legacy_secret_missing']),
  row(
    'a withdrawn signing key',
    (world, name) => {
      scenarios.keyWithdrawn(world, name);
      // The first token with the new key reveals the change to the exporter.
      for (const { metadata } of world.kubelet.pods())
        if (metadata.name !== name) world.kubelet.rotate(metadata.uid);
    },
    ['signing_key_unknown'],
  ),
  row('a changed issuer', scenarios.issuerChanged, ['issuer_mismatch']),
  row('an altered signature', scenarios.signatureAltered, ['signature_invalid']),
  row('a missing token file', scenarios.fileFault('missing', 300), ['token_missing']),
  row('a copy of a token that was rotated', scenarios.subPathCopy, ['subpath_frozen']),
  row('a volume that was mounted again under a running container', scenarios.mountedAgain, [
    'container_view_stale',
  ]),
  row('a token of another pod', scenarios.tokenOfAnotherPod, ['pod_mismatch']),
  row('an overdue token of a terminating pod', scenarios.podTerminating, [], 'pod_terminating'),
  row(
    'an overdue token whose service account was deleted',
    scenarios.accountDeleted(560),
    [OVERDUE, 'service_account_missing'],
    'service_account_missing',
  ),
  row(
    'an overdue token whose service account was recreated',
    (world, name) => {
      const { uid } = world.run(scenarios.vaultPod(name), 560).metadata;
      world.cluster.deleteServiceAccount(scenarios.NAMESPACE, name);
      world.cluster.createServiceAccount(scenarios.NAMESPACE, name);
      assert.ok(uid);
    },
    [OVERDUE, 'service_account_recreated'],
    'service_account_recreated',
  ),
  row('a terminating pod with hours of grace left', scenarios.longTermination(7_200), ['terminating']),
  row('a pod that was deleted by force', scenarios.deletedByForce, ['orphaned'], 'pod_terminating'),
  row('an empty folder of a pod that is gone', scenarios.orphaned, ['orphaned']),
  row('a deleted claim', scenarios.claimDeleted, [OVERDUE], 'claim_missing'),
  row('a ConfigMap that cannot be read', scenarios.ownVolumeFailed, [OVERDUE], 'own_volume_failed'),
  row('a volume that no container mounts', scenarios.volumeNotMounted, [OVERDUE], 'volume_not_mounted'),
  row(
    'an overdue token of a pod with a volume that fails to mount',
    scenarios.siblingVolumeFailed,
    [OVERDUE],
    'sibling_volume_failed',
  ),
  row(
    'an overdue token for a denied audience',
    scenarios.audienceDenied,
    ['expired', OVERDUE],
    'audience_refused',
  ),
  row('a token issued before the clock jumped back', notRotated(-3_600), ['not_yet_valid'], 'clock_skew'),
  row(
    'overdue tokens of several pods',
    (world, name) => {
      for (const pod of ['a', 'b', 'c']) world.run(scenarios.vaultPod(`${name}-${pod}`), 560);
    },
    [OVERDUE],
    'kubelet_stalled',
  ),
];

function reportedIn({ problems, byCause }: Snapshot) {
  const counted = <K>(counts: ReadonlyMap<K, number>): readonly K[] =>
    [...counts].filter(([, count]) => count > 0).map(([key]) => key);
  return { reasons: counted(problems).toSorted(), causes: counted(byCause).toSorted() };
}

describe('one failure on a healthy node', () => {
  for (const { it: title, run, reasons, causes } of FAILURES) {
    describe(`with ${title}`, () => {
      let exporter: SteppedExporter;
      let time = 1_795_000_000;
      before(async () => {
        exporter = await startSteppedExporter(time);
        exporter.world.startSyncing(exporter.world.run({ name: 'bystander', serviceAccount: 'bystander' }));
      });
      after(() => exporter.close());

      it(`reports ${[...reasons, ...causes].join(', ') || 'no problem'} within one scan interval`, async () => {
        assert.deepEqual(reportedIn(await exporter.stepTo(time)), { reasons: [], causes: [] });
        run(exporter.world, 'victim');
        time += 1;
        await exporter.stepTo(time);
        const snapshot = await exporter.stepTo(time + INTERVAL - 1);
        assert.deepEqual(reportedIn(snapshot), { reasons: [...reasons].sort(), causes: [...causes].sort() });
      });
    });
  }

  it('is tested for every overdue cause', () => {
    // Outages have their own suite.
    const tested = new Set([...FAILURES.flatMap(({ causes }) => causes), 'api_server_unreachable']);
    for (const cause of OVERDUE_CAUSES)
      assert.ok(tested.has(cause), `${cause}: add a row to FAILURES with a scenario that causes it`);
  });
});

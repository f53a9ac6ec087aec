/**
 * No alert fires in an hour of ordinary events on a healthy node. One fires after its kubelet has stopped.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ALERTS } from '../../alerts/groups.ts';
import { runExporter } from '../../simulator/demo/scenarios.ts';
import type { Pod } from '../../simulator/objects.ts';
import { tokenVolume } from '../../simulator/pods.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { readOwnToken } from '../../src/sources/self/exporter-token.ts';
import { type SteppedExporter, startSteppedExporter } from '../support/stepped-exporter.ts';
import { describeWith, PROMTOOLS } from '../support/tools.ts';
import { type Case, silent, type TestRun, testRules } from './promtool.ts';
import { createRecording, type Recording } from './recording.ts';
import { series } from './series.ts';

const MINUTE = 60;
/** Minutes from the epoch, at which promtool starts, to the first scrape: the age of the oldest token. */
const LEAD = 1_440;
const START = LEAD * MINUTE;
/** Minutes before the first scrape in which the kubelet syncs each pod once: its tokens can be older than they last. */
const WARM_UP = 3;
const HEALTHY = 60;
const STOPPED = 20;
const PODS = 40;
const LIFETIMES = [600, 3_600, 7_200, 43_200, 86_400];
/** The API server is away for this minute. */
const AWAY_MINUTE = 31;
const FAILED_SCRAPE = 45;

describeWith(
  ['promtool', 'promtool 3 (.ci/prometheus3)'],
  'the alerts over an hour of a healthy node',
  () => {
    let exporter: SteppedExporter;
    let own: Pod;
    let recording: Recording;
    let last: Snapshot;

    const runPod = (index: number): Pod => {
      const expirationSeconds = LIFETIMES[index % LIFETIMES.length] ?? 600;
      const volumes = [tokenVolume('token', { path: 'token', audience: 'partner', expirationSeconds })];
      // Ages spread over all that are possible before a refresh.
      const age = Math.min(expirationSeconds * 0.75, (index * 977) % 60_000);
      const pod = exporter.world.run(
        { name: `pod-${index}`, serviceAccount: `account-${index % 7}`, volumes },
        age,
      );
      exporter.world.startSyncing(pod, age);
      return pod;
    };

    /** The snapshot at that second, with the pod of the exporter. */
    const snapshotAt = async (second: number): Promise<Snapshot> => {
      const isAway = second > AWAY_MINUTE * MINUTE - 60 && second <= AWAY_MINUTE * MINUTE;
      const snapshot = await (isAway ? exporter.advanceTo : exporter.stepTo)(START + second);
      const volume = own.spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
      const claims = readOwnToken(
        join(exporter.world.kubelet.volumeFolder(own.metadata.uid, volume), 'token'),
      );
      return { ...snapshot, self: { podUid: own.metadata.uid, mountedToken: claims } };
    };

    /** Events by minute. */
    const plan = new Map<number, () => unknown>();

    const planPods = (pods: readonly Pod[]): void => {
      for (const [minute, { metadata }] of pods.entries()) {
        const { kubelet, stopSyncing } = exporter.world;
        const end = minute % 2 === 0 ? kubelet.terminate : kubelet.complete;
        if (minute % 3 !== 0) continue;
        plan.set(minute, () => {
          stopSyncing(metadata.uid);
          end(metadata.uid);
          runPod(PODS + minute);
        });
      }
    };

    /** The kubelet removes a terminated pod soon after its grace period of 30 s. */
    const planRemovals = (pods: readonly Pod[]): void => {
      for (const [minute, { metadata }] of pods.entries()) {
        if (minute % 6 !== 0) continue;
        const planned = plan.get(minute + 2);
        plan.set(minute + 2, async () => {
          await planned?.();
          exporter.world.kubelet.remove(metadata.uid);
        });
      }
    };

    const planRestarts = (): void => {
      const { kubelet } = exporter.world;
      // A kubelet that restarts requests every token again.
      plan.set(10, () => {
        kubelet.stop();
        kubelet.start();
      });
      plan.set(AWAY_MINUTE, exporter.api.chaos.down);
      plan.set(AWAY_MINUTE + 1, async () => {
        await exporter.api.chaos.up();
        await exporter.until(({ resources }) => resources.values().every(({ isUp }) => isUp));
      });
      for (let minute = HEALTHY + 1; minute <= HEALTHY + STOPPED; minute += 1) plan.set(minute, kubelet.stop);
    };

    const warmUp = async (): Promise<void> => {
      for (let minute = -WARM_UP; minute < 0; minute += 1) await snapshotAt(minute * MINUTE);
    };

    before(async () => {
      exporter = await startSteppedExporter(START - (WARM_UP + 1) * MINUTE);
      recording = createRecording(LEAD);
      own = runExporter(exporter.world, 'sa-token-exporter');
      const pods = Array.from({ length: PODS }, (_, index) => runPod(index));
      planPods(pods);
      planRestarts();
      planRemovals(pods);
      await warmUp();
      for (let minute = 0; minute <= HEALTHY + STOPPED; minute += 1) {
        await plan.get(minute)?.();
        // The kubelet syncs more often than Prometheus scrapes.
        for (const second of [-40, -20, 0]) last = await snapshotAt(minute * MINUTE + second);
        if (minute === FAILED_SCRAPE) recording.miss();
        else recording.scrape(last);
      }
    });
    after(() => exporter.close());

    const withOthers = (it: string, expect: Case['expect']): Case => ({
      it,
      series: {
        ...recording.series(),
        [series('kube_node_status_condition', {
          node: 'node-1',
          condition: 'Ready',
          status: 'true',
        })]: `1x${LEAD + recording.minutes()}`,
        [series('serviceaccount_valid_tokens_total')]: `0+9x${LEAD + recording.minutes()}`,
        [series('serviceaccount_stale_tokens_total')]: `4x${LEAD + recording.minutes()}`,
      },
      expect,
    });
    const names = [...new Set(ALERTS.map(({ name }) => name))];

    const healthyHour = (): Case => {
      const minutes = Array.from({ length: HEALTHY }, (_, minute) => LEAD + minute);
      return withOthers(
        'healthy',
        names.flatMap((name) => silent(name, ...minutes)),
      );
    };

    const stoppedKubelet = (): Case => {
      const overdue = last.byCause.get('kubelet_stalled') ?? 0;
      assert.ok(overdue > 1);
      const at = LEAD + recording.minutes() - 1;
      const firing = {
        labels: { node: 'node-1' },
        prints: {
          value: String(overdue),
          list: ' Causes of all overdue tokens on the node: kubelet_stalled.',
        },
      };
      return withOthers('stopped', [{ alert: 'SATokenNodeRotationStalled', at, fire: [firing] }]);
    };

    for (const { version, promtool } of PROMTOOLS)
      describe(`in promtool ${version}`, () => {
        let run: TestRun;
        before(async () => {
          run = await testRules(promtool, [healthyHour(), stoppedKubelet()]);
        });

        it('fires no alert at any minute', () => assert.equal(run.failuresOf('healthy'), ''));
        it('fires SATokenNodeRotationStalled after the kubelet has stopped', () =>
          assert.equal(run.failuresOf('stopped'), ''));
        it('has no other failure', () => assert.ok(run.isPassed, run.output));
      });
  },
);

/**
 * Over everything that happens in an hour on a good day no alert fires; and one does when the day turns bad.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import { ALERTS } from '../../alerts/groups.ts';
import { runExporter } from '../../simulator/demo/scenarios.ts';
import type { Pod } from '../../simulator/objects.ts';
import { tokenVolume } from '../../simulator/pods.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { readOwnToken } from '../../src/sources/self/exporter-token.ts';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { describeWith, PROMTOOL_3 } from '../support/tools.ts';
import { type Case, silent, testRules } from './promtool.ts';
import { createRecording, type Recording } from './recording.ts';
import { series } from './series.ts';

const MINUTE = 60;
/** Long enough for the oldest token to have been issued after 1970, where promtool's time begins. */
const LEAD = 1_440;
const START = LEAD * MINUTE;
const HEALTHY = 60;
const BAD = 20;
const PODS = 40;
const LIFETIMES = [600, 3_600, 7_200, 43_200, 86_400];
const SCRAPE_FAILS = 45;

describeWith(['promtool', 'promtool 3 (.ci/prometheus3)'], 'an hour on a good day', () => {
  let agent: TestAgent;
  let own: Pod;
  let recording: Recording;
  let last: Snapshot;

  const runPod = (index: number): Pod => {
    const expirationSeconds = LIFETIMES[index % LIFETIMES.length] ?? 600;
    const volumes = [tokenVolume('token', { path: 'token', audience: 'partner', expirationSeconds })];
    // As old as a token of its kind may be, and its next sync is due at any time.
    const age = Math.min(expirationSeconds * 0.75, (index * 977) % 60_000);
    const pod = agent.world.run(
      { name: `pod-${index}`, serviceAccount: `account-${index % 7}`, volumes },
      age,
    );
    agent.world.startSyncing(pod, age);
    return pod;
  };

  /** What the agent has to say then, with its own pod in it. */
  const snapshotAt = async (second: number): Promise<Snapshot> => {
    const snapshot = await agent.stepTo(START + second);
    const volume = own.spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
    const claims = readOwnToken(join(agent.world.kubelet.volumeFolder(own.metadata.uid, volume), 'token'));
    return { ...snapshot, self: { podUid: own.metadata.uid, mountedTokenId: claims?.id } };
  };

  /** What is to happen, by the minute. */
  const plan = new Map<number, () => unknown>();

  const planPods = (pods: readonly Pod[]): void => {
    for (const [minute, { metadata }] of pods.entries()) {
      const { kubelet, stopSyncing } = agent.world;
      const end = minute % 2 === 0 ? kubelet.terminate : kubelet.complete;
      if (minute % 3 !== 0) continue;
      plan.set(minute, () => {
        stopSyncing(metadata.uid);
        end(metadata.uid);
        runPod(PODS + minute);
      });
    }
  };

  const planRestarts = (): void => {
    const { kubelet } = agent.world;
    // A kubelet that restarts asks for every token anew.
    plan.set(10, () => {
      kubelet.stop();
      kubelet.start();
    });
    plan.set(31, agent.api.chaos.down);
    plan.set(32, async () => {
      await agent.api.chaos.up();
      await agent.until(({ resources }) => resources.values().every(({ isUp }) => isUp));
    });
    for (let minute = HEALTHY + 1; minute <= HEALTHY + BAD; minute += 1) plan.set(minute, kubelet.stop);
  };

  before(async () => {
    agent = await startAgent(START);
    recording = createRecording(LEAD);
    own = runExporter(agent.world, 'sa-token-exporter');
    planPods(Array.from({ length: PODS }, (_, index) => runPod(index)));
    planRestarts();
    for (let minute = 0; minute <= HEALTHY + BAD; minute += 1) {
      await plan.get(minute)?.();
      // The kubelet works more often than Prometheus asks.
      for (const second of [-40, -20, 0]) last = await snapshotAt(minute * MINUTE + second);
      if (minute === SCRAPE_FAILS) recording.miss();
      else recording.scrape(last);
    }
  });
  after(() => agent.close());

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

  for (const [version, promtool] of [
    ['2', 'promtool'],
    ['3', PROMTOOL_3],
  ] as const) {
    it(`fires no alert at any minute, by promtool ${version}`, () => {
      const minutes = Array.from({ length: HEALTHY }, (_, minute) => LEAD + minute);
      const healthy = withOthers(
        'healthy',
        names.flatMap((name) => silent(name, ...minutes)),
      );
      const { isPassed, output } = testRules(promtool, [healthy]);
      assert.ok(isPassed, output);
    });

    it(`ends in the page that it should, by promtool ${version}`, () => {
      const late = last.byCause.get('node_wide');
      assert.ok(late !== undefined && late > 1);
      const page = {
        labels: { node: 'node-1' },
        description: `Node node-1: ${late} tokens of several pods are late, and no token of the node was replaced since the first of them should have been. Check first: systemctl status kubelet on the node, and whether the node reaches the API server.`,
      };
      const at = LEAD + recording.minutes() - 1;
      const bad = withOthers('bad', [{ alert: 'SATokenNodeRotationStalled', at, fire: [page] }]);
      const { isPassed, output } = testRules(promtool, [bad]);
      assert.ok(isPassed, output);
    });
  }
});

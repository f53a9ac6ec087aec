/**
 * A kubelet that is as late as a healthy one can be raises no alert, not even if a scrape fails.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { Pod } from '../../../simulator/objects.ts';
import { tokenVolume } from '../../../simulator/pods.ts';
import { describeWith, PROMTOOLS } from '../../support/tools.ts';
import { type FakedNode, startFakedNode } from './faked-node.ts';
import {
  FAILED,
  firstAlerts,
  INTERVAL,
  ofNode,
  rarely,
  type Samples,
  samplesOf,
  seriesOf,
} from './timeline.ts';

const START = 1_795_000_000;
const HOUR = 3_600;
const SCRAPES = HOUR / INTERVAL;
/** Two minutes. */
const RARE = 4;
const LATE = 100;
const LIFETIMES = [600, 900, 1_800, 3_607];
/** The first refreshes are due this long after the start, which spreads all later ones relative to the scrapes. */
const FIRST_DUE = [0, 5, 11, 17, 23, 29];

/** The rule of the kubelet. */
function refreshAfter(lifetime: number): number {
  return lifetime - Math.floor(lifetime / 5);
}

interface Plan {
  readonly pod: Pod;
  readonly lifetime: number;
  /** In seconds from the start. */
  readonly rotateAt: number;
}

/** Runs a pod whose refresh is due then, and plans to rotate its token late. */
function runPod({ world }: FakedNode, lifetime: number, due: number): Plan {
  const name = `pod-${lifetime}-${due}`;
  const volumes = [tokenVolume('token', { path: 'token', audience: 'partner', expirationSeconds: lifetime })];
  const pod = world.run({ name, isAutomounted: false, volumes }, refreshAfter(lifetime) - due);
  return { pod, lifetime, rotateAt: due + LATE };
}

/** Rotates the tokens whose time has come, each in its second. */
function rotate({ world, setTime }: FakedNode, plans: readonly Plan[], until: number): readonly Plan[] {
  return plans.map((plan) => {
    const { pod, lifetime, rotateAt } = plan;
    if (rotateAt > until) return plan;
    setTime(START + rotateAt);
    world.kubelet.sync(pod.metadata.uid);
    return { ...plan, rotateAt: rotateAt + refreshAfter(lifetime) + LATE };
  });
}

/** How late the latest token is, in seconds. */
function lateness(exposition: string, now: number): number {
  const due = exposition.matchAll(/^satoken_refresh_due_timestamp_seconds\{.*\} (\S+)$/gm);
  return now - Math.min(...due.map(([, time]) => Number(time)));
}

describeWith(
  ['faketime', 'promtool', 'promtool 3 (.ci/prometheus3)'],
  'the alerts on a kubelet that is as late as a healthy one can be',
  () => {
    const scrapes: Samples[] = [];
    const late: number[] = [];

    const runHour = async (node: FakedNode): Promise<void> => {
      let plans: readonly Plan[] = LIFETIMES.flatMap((lifetime) =>
        FIRST_DUE.map((due) => runPod(node, lifetime, due)),
      );
      for (let at = 0; at < HOUR; at += INTERVAL) {
        plans = rotate(node, plans, at);
        node.setTime(START + at);
        const exposition = await node.scrape();
        late.push(lateness(exposition, START + at));
        scrapes.push(samplesOf(exposition, START));
      }
    };

    before(async () => {
      const node = await startFakedNode(START);
      try {
        await runHour(node);
      } finally {
        await node.close();
      }
    });

    it('see tokens that are almost as late as that, and none that is later', () => {
      const latest = Math.max(...late);
      assert.ok(latest > LATE - 5 && latest <= LATE, `${latest} s`);
    });

    // Each version gets half of the scrapes, since a node for each of them takes time.
    for (const [index, { version, promtool }] of PROMTOOLS.entries())
      describe(`in promtool ${version}`, () => {
        it('stay silent for an hour, also if a scrape fails', async () => {
          const nodes = Array.from({ length: SCRAPES / 2 }, (_, half) => {
            const missed = 2 * half + index;
            return ofNode(`miss-${missed}`, scrapes.with(missed, FAILED));
          });
          const series = [scrapes, ...nodes].flatMap(seriesOf);
          const timeline = { series, seconds: HOUR, matchers: ['alertname!=""'] };
          assert.deepEqual(await firstAlerts(promtool, timeline, []), []);
        });

        it('stay silent for an hour with a scrape every two minutes, whenever it is', async () => {
          const nodes = Array.from({ length: RARE }, (_, first) =>
            ofNode(`rare-${first}`, rarely(scrapes, RARE, first)),
          );
          const series = nodes.flatMap(seriesOf);
          const timeline = { series, seconds: HOUR, matchers: ['alertname!=""'] };
          assert.deepEqual(await firstAlerts(promtool, timeline, []), []);
        });
      });
  },
);

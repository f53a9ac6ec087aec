/**
 * A node whose kubelet stops raises an alert within 12 min, and a page before the first token of an hour expires.
 *
 * The alarm of a node is SATokenCanaryLate or SATokenNodeRotationStalled.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { tokenVolume } from '../../../simulator/pods.ts';
import { runOwnPod } from '../../support/stepped-exporter.ts';
import { describeWith, PROMTOOLS } from '../../support/tools.ts';
import { type FakedNode, startFakedNode } from './faked-node.ts';
import {
  type FiringAlert,
  firstAlerts,
  INTERVAL,
  ofNode,
  type Samples,
  samplesOf,
  seriesOf,
} from './timeline.ts';

const START = 1_795_000_000;
const LIFETIME = 3_600;
const DUE_AFTER = 2_880;
/** Scrapes before and after the kubelet stops, in seconds. */
const BEFORE = 300;
const AFTER = 900;
const MAX_DELAY = 12 * 60;
const ALARMS = ['SATokenCanaryLate', 'SATokenNodeRotationStalled'];

interface Stop {
  readonly name: string;
  /** How long before the stop the canary was rotated. */
  readonly canaryAge: number;
  /** When the refreshes of two tokens are due, relative to the stop. */
  readonly due: readonly [number, number];
  /** Whether the token that was due first can be the first to tell. */
  readonly isOwnAlertFirst?: boolean;
}

/** The ages make the exporter raise its problems just after a scrape, so that the next one is the first to show them. */
const STOPS: readonly Stop[] = [
  { name: 'canary-new', canaryAge: 12, due: [12, 2_000] },
  { name: 'canary-half', canaryAge: 252, due: [12, 2_000] },
  { name: 'canary-old', canaryAge: 552, due: [12, 2_000] },
  { name: 'two-pods', canaryAge: 12, due: [12, 132] },
  { name: 'waiting', canaryAge: 72, due: [-78, 2_000] },
  { name: 'waiting-two', canaryAge: 12, due: [-78, 12] },
  { name: 'waiting-alone', canaryAge: 12, due: [-78, 2_000], isOwnAlertFirst: true },
  { name: 'odd-seconds', canaryAge: 13, due: [7, 401] },
];
/** Between two stops. */
const CYCLE = 4_000;

interface Event {
  /** In seconds from the stop. */
  readonly at: number;
  readonly run: () => void;
}

/** The kubelet has worked until the stop; the canary is rotated every 500 s. */
function eventsOf({ world }: FakedNode, { canaryAge, due }: Stop, pods: readonly string[]): readonly Event[] {
  const rotate = (podUid: string, at: number): Event => ({ at, run: () => world.kubelet.rotate(podUid) });
  const [own = '', ...others] = pods;
  const canary = [0, 500, 1_000].map((before) => rotate(own, -canaryAge - before));
  const tokens = others.map((podUid, index) => rotate(podUid, (due[index] ?? 0) - DUE_AFTER));
  const stop = { at: 0, run: world.kubelet.stop };
  return [...canary, ...tokens, stop].toSorted((a, b) => a.at - b.at);
}

/** Stops the kubelet at that time, and starts it again at the end. */
async function stopAt(
  node: FakedNode,
  time: number,
  stop: Stop,
  pods: readonly string[],
): Promise<readonly Samples[]> {
  const events = [...eventsOf(node, stop, pods)];
  const scrapes: Samples[] = [];
  for (let at = -BEFORE; at <= AFTER; at += INTERVAL) {
    for (let [next] = events; next !== undefined && next.at <= at; [next] = events) {
      node.setTime(time + next.at);
      next.run();
      events.shift();
    }
    node.setTime(time + at);
    scrapes.push(samplesOf(await node.scrape(), time - BEFORE));
  }
  node.world.kubelet.start();
  return ofNode(stop.name, scrapes);
}

function runPod({ world }: FakedNode, name: string): string {
  const volumes = [tokenVolume('token', { path: 'token', audience: 'partner', expirationSeconds: LIFETIME })];
  return world.run({ name, isAutomounted: false, volumes }).metadata.uid;
}

describeWith(
  ['faketime', 'promtool', 'promtool 3 (.ci/prometheus3)'],
  'the alerts on a node whose kubelet stops',
  () => {
    const scrapes: Samples[][] = [];

    before(async () => {
      let own = '';
      const node = await startFakedNode(START, (world) => {
        const { podUid, tokenFile } = runOwnPod(world);
        own = podUid;
        return [`--self.pod-uid=${podUid}`, `--self.token-file=${tokenFile}`];
      });
      try {
        const pods = [own, runPod(node, 'first'), runPod(node, 'second')];
        for (const [index, stop] of STOPS.entries())
          scrapes.push([...(await stopAt(node, START + (index + 1) * CYCLE, stop, pods))]);
      } finally {
        await node.close();
      }
    });

    for (const { version, promtool } of PROMTOOLS)
      describe(`in promtool ${version}`, () => {
        let alerts: readonly FiringAlert[];
        before(async () => {
          alerts = await firstAlerts(promtool, {
            series: scrapes.flatMap(seriesOf),
            seconds: BEFORE + AFTER,
            matchers: STOPS.map(({ name }) => `node="${name}"`),
          });
        });

        /** Seconds from the stop to the first of these alerts. */
        const first = (node: string, isWanted: (labels: FiringAlert['labels']) => boolean): number => {
          const found = alerts.filter(({ labels }) => labels['node'] === node && isWanted(labels));
          return Math.min(...found.map(({ at }) => at)) - BEFORE;
        };
        const alarmOf = (node: string): number =>
          first(node, ({ alertname = '' }) => ALARMS.includes(alertname));

        for (const { name, canaryAge, due, isOwnAlertFirst } of STOPS) {
          const death = Math.min(...due) + LIFETIME - DUE_AFTER;

          it(`begin after the stop and within 12 min of the last refresh: ${name}`, () => {
            assert.ok(first(name, () => true) > 0);
            assert.ok(alarmOf(name) + canaryAge <= MAX_DELAY, `${alarmOf(name)} s`);
          });

          if (isOwnAlertFirst)
            it(`are critical for a token before it expires, if nothing else is late: ${name}`, () => {
              assert.ok(first(name, ({ severity }) => severity === 'critical') < death);
            });
          else
            it(`begin before the first token of an hour expires: ${name}`, () => {
              assert.ok(alarmOf(name) < death, `${alarmOf(name)} s, ${death} s`);
            });
        }
      });
  },
);

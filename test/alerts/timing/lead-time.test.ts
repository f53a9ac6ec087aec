/**
 * A token that the kubelet does not rotate raises its alerts before it expires, regardless of its lifetime.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { tokenVolume } from '../../../simulator/pods.ts';
import { ROOT } from '../../docs/documents.ts';
import { describeWith, PROMTOOLS } from '../../support/tools.ts';
import { type FakedNode, startFakedNode } from './faked-node.ts';
import { type FiringAlert, firstAlerts, INTERVAL, type Samples, samplesOf, seriesOf } from './timeline.ts';

const START = 1_795_000_000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** All tokens expire about then, in seconds from the start: just after the longest time from refresh due to expiration. */
const DEATH = 5 * HOUR;
const END = DEATH + 3 * MINUTE;

interface Row {
  readonly lifetime: number;
  /** The least time in seconds from the first alert to the expiration. */
  readonly first: number;
  /** From the first critical alert. */
  readonly critical: number;
}

const ROWS: readonly Row[] = [
  { lifetime: 900, first: -60, critical: -120 },
  { lifetime: 1_800, first: 120, critical: 30 },
  { lifetime: 3_600, first: 300, critical: 150 },
  { lifetime: 3_607, first: 300, critical: 150 },
  { lifetime: 7_200, first: 900, critical: 450 },
  { lifetime: 12 * HOUR, first: 2 * HOUR, critical: 50 * MINUTE },
  { lifetime: 24 * HOUR, first: 4 * HOUR, critical: 1.8 * HOUR },
];
/** The seconds in the table of docs/alerts.md: before the expiration, or after it if negative. */
function documented({ lifetime }: Row): readonly number[] {
  const name = lifetime < HOUR ? `${lifetime / MINUTE} min` : `${lifetime / HOUR} h`;
  const text = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');
  const row = new RegExp(`^\\| ${name} \\| (?<first>[-\\d,]+) \\| (?<critical>[-\\d,]+) \\|`, 'm').exec(text);
  return Object.values(row?.groups ?? {}).map((figure) => Number(figure.replace(',', '')));
}

/** When tokens expire, relative to scrapes. */
const PHASES = Array.from({ length: 10 }, (_, index) => index * 3);
const EXTENDED = 3_607;

function relative(seconds: number): string {
  return `${Math.abs(seconds)} s ${seconds < 0 ? 'after' : 'before'}`;
}

function isCritical({ severity }: FiringAlert['labels']): boolean {
  return severity === 'critical';
}

interface StuckToken {
  readonly pod: string;
  readonly issuedAt: number;
  readonly run: (node: FakedNode, age: number) => void;
}

function stuckToken(lifetime: number, phase: number): StuckToken {
  const name = `pod-${lifetime}-${phase}`;
  const volumes = [tokenVolume('token', { path: 'token', audience: 'partner', expirationSeconds: lifetime })];
  return {
    pod: name,
    issuedAt: DEATH + phase - lifetime,
    run: ({ world }, age) => world.run({ name, isAutomounted: false, volumes }, age),
  };
}

/** The default token of a pod, which the API server extends to a year. */
const extendedToken: StuckToken = {
  pod: 'extended',
  issuedAt: DEATH - EXTENDED,
  run: ({ world }, age) => world.run({ name: 'extended' }, age),
};

const TOKENS = [
  ...ROWS.flatMap(({ lifetime }) => PHASES.map((phase) => stuckToken(lifetime, phase))),
  extendedToken,
];

/** Starts the pods whose tokens are issued between two scrapes, each in its second. */
function startPods(node: FakedNode, from: number, to: number): void {
  for (const { issuedAt, run } of TOKENS.filter((one) => one.issuedAt > from && one.issuedAt <= to)) {
    node.setTime(START + Math.max(0, issuedAt));
    run(node, Math.max(0, -issuedAt));
  }
}

async function scrapeAll(node: FakedNode): Promise<readonly Samples[]> {
  const scrapes: Samples[] = [];
  for (let at = 0; at <= END; at += INTERVAL) {
    startPods(node, at === 0 ? Number.NEGATIVE_INFINITY : at - INTERVAL, at);
    node.setTime(START + at);
    scrapes.push(samplesOf(await node.scrape(), START));
  }
  return scrapes;
}

describeWith(
  ['faketime', 'promtool', 'promtool 3 (.ci/prometheus3)'],
  'the alerts on a token that is not rotated',
  () => {
    let scrapes: readonly Samples[];

    before(async () => {
      const node = await startFakedNode(START);
      try {
        scrapes = await scrapeAll(node);
      } finally {
        await node.close();
      }
    });

    for (const { version, promtool } of PROMTOOLS)
      describe(`in promtool ${version}`, () => {
        let alerts: readonly FiringAlert[];
        before(async () => {
          alerts = await firstAlerts(promtool, {
            series: seriesOf(scrapes),
            seconds: END,
            matchers: TOKENS.map(({ pod }) => `pod="${pod}"`),
          });
        });

        /** Seconds from the first alert to the expiration of the token. */
        const lead = (
          pod: string,
          death: number,
          isWanted: (labels: FiringAlert['labels']) => boolean,
        ): number => {
          const own = alerts.filter(({ labels }) => labels['pod'] === pod && isWanted(labels));
          return death - Math.min(...own.map(({ at }) => at));
        };
        /** In the worst phase. */
        const least = (lifetime: number, isWanted: (labels: FiringAlert['labels']) => boolean): number =>
          Math.min(...PHASES.map((phase) => lead(`pod-${lifetime}-${phase}`, DEATH + phase, isWanted)));

        for (const { lifetime, first, critical } of ROWS) {
          it(`begin ${relative(first)} a token of ${lifetime} s expires, or earlier`, () => {
            const found = least(lifetime, () => true);
            assert.ok(found >= first, `${found} s`);
          });
          it(`are critical ${relative(critical)} a token of ${lifetime} s expires, or earlier`, () => {
            const found = least(lifetime, isCritical);
            assert.ok(found >= critical, `${found} s`);
          });
        }

        for (const row of ROWS.filter(({ lifetime }) => lifetime % 300 === 0))
          it(`have at least the times that the documentation states for ${row.lifetime} s`, () => {
            const { lifetime } = row;
            const found = [least(lifetime, () => true), least(lifetime, isCritical)];
            const stated = documented(row);
            assert.equal(stated.length, found.length);
            assert.ok(
              found.every((seconds, index) => seconds >= (stated[index] ?? Number.POSITIVE_INFINITY)),
              `${found.join()} s, documented ${stated.join()} s`,
            );
          });

        it('begin 300 s before the requested lifetime of an extended token ends, and are not critical', () => {
          const found = lead('extended', DEATH, () => true);
          assert.ok(found >= 300, `${found} s`);
          assert.equal(lead('extended', DEATH, isCritical), Number.NEGATIVE_INFINITY);
        });

        it('say why the token is rejected once it is', () => {
          const expired = alerts.filter(({ labels }) => labels['alertname'] === 'SATokenExpired');
          assert.equal(expired.length, ROWS.length * PHASES.length);
        });
      });
  },
);

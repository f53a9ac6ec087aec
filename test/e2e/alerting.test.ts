/**
 * Trouble, each kind on a node of its own, and what reaches the people on call: simulated kubelets and API servers, the
 * exporter, a real Prometheus with the rules, a real Alertmanager with its routes, and a webhook.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, it } from 'mocha';
import { CAUSE_COVERAGE, REASON_COVERAGE } from '../../alerts/coverage.ts';
import { KNOBS } from '../../alerts/knobs.ts';
import { ROOT } from '../docs/documents.ts';
import { type Alerting, type HeldAlert, type Notification, startAlerting } from '../support/alertmanager.ts';
import { type ServedWorld, serveWorld } from '../support/served-world.ts';
import { describeWith } from '../support/tools.ts';
import type { Trouble } from './troubles/trouble.ts';
import { TROUBLES } from './troubles/troubles.ts';

/** Alertmanager tells nobody that it silences something. */
const LOOK_AGAIN_MS = 250;

function silencedIn(held: readonly HeldAlert[]): ReadonlySet<string | undefined> {
  const silenced = held.filter(({ status }) => status.state === 'suppressed');
  return new Set(silenced.map(({ labels }) => labels['alertname']));
}

/** What was told of our alerts, a line for each notification. */
function inWords(told: readonly Notification[]): readonly string[] {
  return told
    .filter(({ groupLabels }) => groupLabels['alertname']?.startsWith('SAToken'))
    .map(({ receiver, status, groupLabels }) => `${receiver}: ${groupLabels['alertname']} ${status}`);
}

function expected({ tells, severity, mend }: Trouble): readonly string[] {
  if (tells === undefined) return [];
  const words = `${severity === 'critical' ? 'pages' : 'tickets'}: ${tells}`;
  return [`${words} firing`, ...(mend === undefined ? [] : [`${words} resolved`])];
}

function title({ name, tells, severity, silences = [], raises = [] }: Trouble): string {
  const told = tells === undefined ? 'nothing' : `${tells} (${severity}), once`;
  const because = raises.length === 0 ? '' : ` beside ${raises.join(', ')}`;
  return `${name}: ${told}${because}${silences.length === 0 ? '' : `; not ${silences.join(', ')}`}`;
}

describeWith(['prometheus', 'alertmanager'], 'what reaches the people on call', () => {
  const served = new Map<string, ServedWorld>();
  /** The course of each trouble, from its beginning to its end. */
  const courses = new Map<string, Promise<void>>();
  let alerting: Alerting;

  /** Until all that should be silent fires, and is silenced. */
  const untilSilenced = async ({ name, silences = [] }: Trouble): Promise<void> => {
    for (;;) {
      const silenced = silencedIn(await alerting.held(name));
      if (silences.every((alert) => silenced.has(alert))) return;
      await delay(LOOK_AGAIN_MS);
    }
  };

  const takeItsCourse = async (trouble: Trouble, world: ServedWorld): Promise<void> => {
    const { name, raises = [], tells, play, mend } = trouble;
    for (const alertname of raises) await alerting.raise({ alertname, cluster: name, node: 'node-1' });
    await play(world);
    if (tells !== undefined) await alerting.untilTold(name, (told) => told.length > 0);
    await untilSilenced(trouble);
    await mend?.(world);
    if (tells === undefined || mend === undefined) return;
    await alerting.untilTold(name, (told) => told.some(({ status }) => status === 'resolved'));
  };

  before(async () => {
    for (const { name, options } of TROUBLES) served.set(name, await serveWorld(options));
    const labelsOf = (cluster: string) => ({ cluster, node: 'node-1' });
    alerting = await startAlerting(
      [...served].map(([name, { address }]) => ({ address, labels: labelsOf(name) })),
    );
    for (const trouble of TROUBLES) {
      const world = served.get(trouble.name);
      assert.ok(world);
      const course = takeItsCourse(trouble, world);
      courses.set(trouble.name, course);
      // It fails in its own test.
      course.catch(() => undefined);
    }
  });
  after(async () => {
    for (const one of [alerting, ...served.values()]) await one?.close();
  });

  for (const trouble of TROUBLES) {
    const { name, tells, severity, says = /./ } = trouble;
    it(title(trouble), async () => {
      await courses.get(name);
      assert.deepEqual(inWords(alerting.told(name)), expected(trouble));
      if (tells === undefined) return;
      const alerts = alerting.told(name)[0]?.alerts ?? [];
      assert.deepEqual(
        alerts.map(({ labels }) => labels['severity']),
        [severity],
      );
      assert.match(alerts[0]?.annotations['description'] ?? '', says);
    });
  }

  it('nobody was told anything else until the last trouble was over', async () => {
    await Promise.all(courses.values());
    for (const trouble of TROUBLES)
      assert.deepEqual(inWords(alerting.told(trouble.name)), expected(trouble), trouble.name);
  });

  it('nothing is held where nothing is wrong', async () => {
    const quiet = TROUBLES.filter(({ tells, silences }) => tells === undefined && silences === undefined);
    assert.ok(quiet.length > 0);
    for (const { name } of quiet) assert.deepEqual(await alerting.held(name), [], name);
  });

  it('every link leads to a runbook', () => {
    const links = TROUBLES.flatMap(({ name }) => alerting.told(name))
      .flatMap(({ alerts }) => alerts)
      .flatMap(({ annotations }) => annotations['runbook_url'] ?? []);
    assert.ok(links.length > 0);
    for (const link of links) {
      const path = link.replace(KNOBS.runbooks.value, 'docs/runbooks');
      assert.ok(existsSync(join(ROOT, path)), link);
    }
  });

  it('every link leads to a dashboard', () => {
    for (const { name, tells } of TROUBLES) {
      const alerts = alerting.told(name).flatMap((one) => one.alerts);
      const links = alerts.flatMap(({ annotations }) => annotations['dashboard_url'] ?? []);
      assert.equal(links.length > 0, tells !== undefined, name);
      for (const link of links) {
        const { pathname, searchParams } = new URL(link, 'https://grafana.example.com');
        assert.ok(existsSync(join(ROOT, 'grafana/dashboards', `${basename(pathname)}.json`)), link);
        assert.equal(searchParams.get('var-cluster'), name, link);
      }
    }
  });

  it('every reason and every cause has led to its alert', () => {
    const told = new Set(TROUBLES.flatMap(({ tells }) => tells ?? []));
    for (const [value, coverage] of Object.entries({ ...REASON_COVERAGE, ...CAUSE_COVERAGE }))
      if ('alert' in coverage) assert.ok(told.has(coverage.alert), value);
  });
});

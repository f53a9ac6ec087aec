/**
 * The demo as a separate process.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { DEMO_PODS } from '../../simulator/demo/pods.ts';
import { EXIT } from '../../src/cli/command.ts';
import { OVERDUE_CAUSES } from '../../src/core/causes/overdue-cause.ts';
import { TOKEN_STATES } from '../../src/core/rotation.ts';
import { MAIN, type Program, startProgram, startProgramWith } from '../support/program.ts';

async function isListening(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function isSeries(metrics: string, serviceAccount: string, reason: string): boolean {
  const series = `^satoken_problem\\{.*serviceaccount="${serviceAccount}".*reason="${reason}"`;
  return new RegExp(series, 'm').test(metrics);
}

/** A cause is unknown to the exporter until it has queried the events of the pod. */
const UNKNOWN_CAUSES = DEMO_PODS.filter(({ cause }) => cause === 'unknown').length;

/** Returns true once all data from the API server has arrived. */
function isSettled(metrics: string): boolean {
  return (
    DEMO_PODS.every(({ name, reasons }) => reasons.every((reason) => isSeries(metrics, name, reason))) &&
    new RegExp(`^satoken_overdue_cause\\{.*cause="unknown"\\} ${UNKNOWN_CAUSES}$`, 'm').test(metrics)
  );
}

const isRoot = process.getuid?.() === 0;

describe('the demo', () => {
  let demo: Program;
  let metrics = '';

  before(async () => {
    demo = await startProgram('demo');
    // Suspicious tokens and pods are looked up at the API server after the first scan.
    do metrics = await (await fetch(`${demo.url}/metrics`)).text();
    while (!isSettled(metrics));
  });
  after(async () => {
    if (demo.process.exitCode === null) await demo.stop();
  });

  it('prints the addresses of the page and the metrics and a description of every pod', async () => {
    await demo.says(
      /^ {2}Status page {2}http:\/\/localhost:(\d+)\/\n {2}Metrics {6}http:\/\/localhost:\1\/metrics\n/m,
    );
    for (const { name, shows } of DEMO_PODS)
      assert.match(demo.printed(), new RegExp(`^${name} +${shows}`, 'm'));
  });

  for (const state of TOKEN_STATES) {
    it(`has a token in the state ${state}`, () => {
      assert.match(metrics, new RegExp(`^satoken_token_state\\{.*state="${state}"\\} [1-9]`, 'm'));
    });
  }

  it('prints commands that list the tokens of the pods and explain one of them', async () => {
    for (const command of ['scan', 'explain demo/payments']) {
      const [, shown = ''] = await demo.says(
        new RegExp(`^  npm start --silent -- (${command} .* \\\\\n.*)$`, 'm'),
      );
      const run = spawnSync(process.execPath, [MAIN, ...shown.replace('\\\n', '').split(/ +/)], {
        encoding: 'utf8',
      });
      assert.equal(run.stderr, '');
      assert.match(run.stdout, /demo.*payments/);
      assert.equal(run.status, EXIT.failing);
    }
  });

  it('says that kubectl does not work, and which token root can read', () => {
    assert.match(demo.printed(), /the kubectl and journalctl commands in its output cannot be run here/);
    assert.match(demo.printed(), /^locked .*permission_denied"\}, except as root$/m);
  });

  for (const others of [[], ['--reads.watch']])
    it(`names a free port if its own is in use, and keeps other options: ${others.join()}`, () => {
      const { port } = new URL(demo.url);
      const address = `--web.listen-address=127.0.0.1:${port}`;
      const run = spawnSync(process.execPath, [MAIN, 'demo', ...others, address], { encoding: 'utf8' });
      assert.equal(run.status, EXIT.usage);
      const [, free] = /\nport (\d+) is free: .*\n$/.exec(run.stderr) ?? [];
      const options = [...others, `--web.listen-address=127.0.0.1:${free}`].join(' ');
      assert.match(run.stderr, /^fatal: listen 127\.0\.0\.1:\d+: address already in use; /);
      assert.ok(run.stderr.endsWith(`\nport ${free} is free: npm run demo -- ${options}\n`), run.stderr);
      assert.notEqual(free, port);
    });

  for (const { name, lookFor, isReadableByRoot = false } of DEMO_PODS) {
    it(`shows ${name} as ${lookFor}`, () => {
      const [, metric = '', label = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(lookFor) ?? [];
      const isShown = new RegExp(`^${metric}\\{.*${label}[^}]*\\} \\d+$`, 'm').test(metrics);
      assert.equal(isShown, !(isRoot && isReadableByRoot));
    });
  }

  for (const { name, reasons } of DEMO_PODS) {
    it(`reports ${reasons.join(', ') || 'no problem'} for ${name} and nothing else`, () => {
      const ofPod = new RegExp(
        `^satoken_problem\\{.*serviceaccount="${name}".*reason="(\\w+)"[^}]*\\} 1$`,
        'gm',
      );
      const found = Array.from(metrics.matchAll(ofPod), ([, reason]) => reason);
      assert.deepEqual(found.sort(), [...reasons].sort());
    });
  }

  for (const cause of OVERDUE_CAUSES) {
    const overdue = DEMO_PODS.filter((pod) => pod.cause === cause);
    it(`counts ${overdue.length} overdue tokens with the cause ${cause}`, () => {
      assert.match(
        metrics,
        new RegExp(`^satoken_overdue_cause\\{.*cause="${cause}"\\} ${overdue.length}$`, 'm'),
      );
    });
  }

  it('passes its self-check and has a healthy canary', () => {
    assert.doesNotMatch(metrics, /^satoken_self_view\{.*\} 0$/m);
    assert.match(metrics, /^satoken_self_view\{.*check="same_content"\} 1$/m);
    assert.match(metrics, /^satoken_canary_healthy\{.*\} 1$/m);
  });

  it('has current data from all resources of the API server', () => {
    assert.doesNotMatch(metrics, /^satoken_cluster_up\{.*\} 0$/m);
    assert.doesNotMatch(metrics, /^satoken_cluster_failure\{/m);
  });

  it('finishes a running scrape on SIGTERM, exits with 0 and leaves nothing behind', async () => {
    const [, folder = ''] = await demo.says(/--kubelet.root-dir=(\S+)\/kubelet/);
    const socket = connect(Number(new URL(demo.url).port), '127.0.0.1').setEncoding('latin1');
    // A complete request and the start of another: the response to the first proves that the second has arrived.
    socket.write(
      'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n',
    );
    await once(socket, 'data');
    const code = demo.stop();
    while (await isListening(demo.url));
    socket.write('\r\n');
    const answer = (await socket.toArray()).join('');
    assert.equal(await code, 0);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(head, new RegExp(`^content-length: ${body.length}\r?$`, 'im'));
    assert.match(body, /^satoken_exporter_build_info/m);
    assert.equal(existsSync(folder), false);
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), new RegExp(folder));
  });
});

describe('what ends the demo', () => {
  let temporary = '';
  before(() => {
    temporary = mkdtempSync(join(tmpdir(), 'satoken-demos-'));
  });
  after(() => rmSync(temporary, { recursive: true }));

  const demos = () => readdirSync(temporary).filter((name) => name.startsWith('satoken-demo-'));
  const mounts = () => readFileSync('/proc/mounts', 'utf8').split(temporary).length - 1;
  const startDemo = () => startProgramWith({ TMPDIR: temporary }, 'demo');

  it('leaves nothing behind if the terminal is closed', async () => {
    const demo = await startDemo();
    const ended = once(demo.process, 'exit');
    demo.process.kill('SIGHUP');
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual([demos(), mounts()], [[], 0]);
  });

  it('is cleaned up by the next demo if it was SIGKILL, and no other demo is touched', async () => {
    const [killed, other] = await Promise.all([startDemo(), startDemo()]);
    const ended = once(killed.process, 'exit');
    const [, left = ''] = await killed.says(/--kubelet.root-dir=(\S+)\/kubelet/);
    killed.process.kill('SIGKILL');
    await ended;
    assert.equal(demos().length, 2);
    const next = await startDemo();
    await next.says(new RegExp(`^Removed ${left}, left behind by a demo that was killed\\.$`, 'm'));
    assert.equal(existsSync(left), false);
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), new RegExp(left));
    assert.equal((await fetch(`${other.url}/readyz`)).status, 200);
    assert.deepEqual(await Promise.all([other.stop(), next.stop()]), [0, 0]);
    assert.deepEqual([demos(), mounts()], [[], 0]);
  });
});

/**
 * The demo, run as a user runs it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { TOKEN_STATES } from '../../src/core/rotation.ts';
import { DEMO_PODS } from '../../src/simulator/demo-pods.ts';
import { type Program, startProgram } from '../support/program.ts';

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

const isRoot = process.getuid?.() === 0;

describe('the demo', () => {
  let demo: Program;
  let metrics = '';

  before(async () => {
    demo = await startProgram('demo');
    metrics = await (await fetch(`${demo.url}/metrics`)).text();
  });
  after(async () => {
    if (demo.process.exitCode === null) await demo.stop();
  });

  it('says where to look, and at what', async () => {
    await demo.says(/being watched: http:\/\/localhost:\d+\/metrics\n/);
    for (const { name, shows } of DEMO_PODS)
      assert.match(demo.printed(), new RegExp(`^${name} +${shows}`, 'm'));
  });

  for (const state of TOKEN_STATES) {
    it(`has a token that is ${state}`, () => {
      assert.match(metrics, new RegExp(`^satoken_token_state\\{.*state="${state}"\\} [1-9]`, 'm'));
    });
  }

  for (const { name, lookFor } of DEMO_PODS) {
    it(`shows ${name} as ${lookFor}`, () => {
      const [, metric = '', label = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(lookFor) ?? [];
      const isShown = new RegExp(`^${metric}\\{.*${label}\\} \\d+$`, 'm').test(metrics);
      assert.equal(isShown, !(isRoot && label.includes('permission_denied')));
    });
  }

  it('ends within a second, with a scrape under way answered in full and nothing left behind', async () => {
    const [, folder = ''] = await demo.says(/--kubelet.root-dir=(\S+)/);
    const socket = connect(Number(new URL(demo.url).port), '127.0.0.1').setEncoding('latin1');
    // One request whole, of another the beginning: the answer to the first says that the second has arrived.
    socket.write(
      'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n',
    );
    await once(socket, 'data');
    const askedAt = performance.now();
    const code = demo.stop();
    while (await isListening(demo.url));
    socket.write('\r\n');
    const answer = (await socket.toArray()).join('');
    assert.equal(await code, 0);
    assert.ok(performance.now() - askedAt < 1_000);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(head, new RegExp(`^content-length: ${body.length}\r?$`, 'im'));
    assert.match(body, /^satoken_exporter_build_info/m);
    assert.equal(existsSync(folder), false);
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), new RegExp(folder));
  });
});

/**
 * No token, nor a part of one, is in anything that the program prints, serves or logs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { DEMO_PODS } from '../simulator/demo/pods.ts';
import { MAIN, type Program, startProgram } from './support/program.ts';

/** A shorter piece of a token is of no use to an attacker; the first characters of every payload are the same. */
const PIECE = 24;

/** Payloads and signatures of all tokens below a folder. Headers are the same for all and not secret. */
function secretsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .filter((content) => content.startsWith('eyJ') && content.length < 65_536)
    .flatMap((content) => content.split('.').slice(1));
}

/** Returns the first secret of which the text contains a piece. */
function leakIn(text: string, secrets: readonly string[]): string | undefined {
  return secrets.find(
    (secret) => text.includes(secret.slice(-PIECE)) || text.includes(secret.slice(0, 2 * PIECE)),
  );
}

describe('no token', () => {
  let demo: Program;
  let options: readonly string[] = [];
  let secrets: readonly string[] = [];

  before(async () => {
    demo = await startProgram('demo', '--log.level=debug');
    const said = await demo.says(
      /(--kubelet.root-dir=(\S+)) \\\s+(--cluster.kubeconfig=\S+) (--node-name=\S+)/,
    );
    options = [said[1], said[3], said[4]].map(String);
    secrets = secretsBelow(String(said[2]));
  });
  after(() => demo.stop());

  const run = (...args: readonly string[]): string => {
    const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args, ...options], {
      encoding: 'utf8',
    });
    return stdout + stderr;
  };
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> =>
    (await fetch(demo.url + path, { headers })).text();

  it('goes undetected: there are tokens to look for, and one of them would be found', () => {
    assert.ok(secrets.length > 60);
    assert.ok(leakIn(`before ${secrets[0]} after`, secrets));
  });

  for (const path of ['/metrics', '/', '/?q=demo', '/tokens', '/healthz', '/readyz', '/nowhere']) {
    it(`is in the response to ${path}`, async () => {
      const text = await get(path);
      assert.notEqual(text, '');
      assert.equal(leakIn(text, secrets), undefined);
    });
  }

  it('is in the OpenMetrics format', async () => {
    const text = await get('/metrics', { accept: 'application/openmetrics-text' });
    assert.match(text, /# EOF\n$/);
    assert.equal(leakIn(text, secrets), undefined);
  });

  for (const args of [
    ['scan'],
    ['scan', '--output=json'],
    ...DEMO_PODS.map(({ name }) => ['explain', `demo/${name}`]),
  ]) {
    it(`is in the output of ${args.join(' ')}`, () => {
      const text = run(...args);
      assert.notEqual(text, '');
      assert.equal(leakIn(text, secrets), undefined);
    });
  }

  it('is in the log, including its debug lines', () => {
    assert.match(demo.printed(), /level=info/);
    assert.equal(leakIn(demo.printed(), secrets), undefined);
  });
});

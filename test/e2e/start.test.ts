/**
 * Starts of the exporter that fail, and one that is stopped.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'mocha';
import { HASH } from '../support/credentials.ts';
import { MAIN } from '../support/program.ts';

let folder = '';
const path = (name: string): string => join(folder, name);
const write = (...lines: readonly string[]): void => writeFileSync(path('web.yml'), lines.join('\n'));

/** Each suite gets an empty folder. */
function createFolder(): void {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-start-'));
  });
  after(() => rmSync(folder, { recursive: true }));
}

describe('an exporter with an invalid web configuration', () => {
  createFolder();

  it('exits with 2 and prints every problem', () => {
    write('tls_server_config: {min_version: TLS10}', 'basic_auth_users: {a: b}');
    const { status, stderr } = spawnSync(
      process.execPath,
      [MAIN, 'serve', '--cluster.mode=off', `--web.config.file=${path('web.yml')}`],
      { encoding: 'utf8' },
    );
    assert.equal(status, 2);
    assert.equal(stderr.match(new RegExp(`^${path('web.yml')}:\\d: `, 'gm'))?.length, 2, stderr);
    assert.doesNotMatch(stderr, /^ +at /m);
  });
});

describe('an exporter that cannot start', () => {
  createFolder();

  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [MAIN, 'serve', `--kubelet.root-dir=${folder}`, ...args], {
      encoding: 'utf8',
      timeout: 120_000,
    });

  it('listens on no port if the probe address is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { status, stderr } = run(
      '--cluster.mode=off',
      '--web.listen-address=127.0.0.1:0',
      `--web.probe-address=127.0.0.1:${port}`,
    );
    other.close();
    assert.equal(status, 2, stderr);
    assert.match(
      stderr,
      new RegExp(
        `^fatal: listen 127\\.0\\.0\\.1:${port}: address already in use; set --web\\.probe-address$`,
        'm',
      ),
    );
    assert.doesNotMatch(stderr, /msg=listening /);
  });

  it('prints the problems of the web configuration and of the kubeconfig together', () => {
    write('basic_auth_users: {a: b}');
    const { status, stderr } = run(
      '--web.kubernetes-auth',
      '--cluster.kubeconfig=/nowhere',
      '--cluster.mode=on',
      `--web.config.file=${path('web.yml')}`,
    );
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^cannot load kubeconfig \/nowhere: no such file or directory; check --cluster\.kubeconfig or KUBECONFIG$/m,
    );
    assert.match(
      stderr,
      /^--web\.kubernetes-auth: cannot load kubeconfig \/nowhere: no such file or directory; check --cluster\.kubeconfig or KUBECONFIG$/m,
    );
    assert.match(stderr, /web\.yml:1: basic_auth_users/);
  });

  it('rejects a kubeconfig with an exec plugin for --web.kubernetes-auth', () => {
    const users = [
      { name: 'u', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'true' } } },
    ];
    const clusters = [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }];
    const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
    writeFileSync(
      path('kubeconfig'),
      JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'x', users, clusters, contexts }),
    );
    const { status, stderr } = run(
      '--web.kubernetes-auth',
      '--cluster.mode=off',
      `--cluster.kubeconfig=${path('kubeconfig')}`,
    );
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^--web\.kubernetes-auth: /m);
  });
});

describe('an exporter that is stopped during its start', () => {
  createFolder();

  it('exits with 0', async () => {
    write('basic_auth_users:', `  prom: ${HASH}`);
    const args = [
      'serve',
      '--cluster.mode=off',
      `--kubelet.root-dir=${folder}`,
      `--web.config.file=${path('web.yml')}`,
    ];
    const child = spawn(process.execPath, [MAIN, ...args, '--web.listen-address=127.0.0.1:0']);
    const ended = once(child, 'exit');
    for await (const line of createInterface(child.stderr)) if (line.includes('msg=starting')) break;
    child.kill('SIGTERM');
    child.stderr.resume();
    assert.deepEqual(await ended, [0, null]);
  });
});

/**
 * Which files a configuration of the API server consists of.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { filesOf } from '../../../src/sources/api-server/kubeconfig.ts';

describe('the files of a configuration of the API server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-files-'));
  const at = (name: string): string => join(folder, name);
  const write = (name: string, content: unknown): string => {
    writeFileSync(at(name), typeof content === 'string' ? content : stringify(content));
    return at(name);
  };
  after(() => rmSync(folder, { recursive: true }));

  it('are those that it refers to, from where it lies, and itself', async () => {
    const file = write('config', {
      clusters: [{ name: 'c', cluster: { server: 'https://a', 'certificate-authority': 'ca.crt' } }],
      users: [
        { name: 'u', user: { 'client-certificate': '/etc/u.crt', 'client-key': '../u.key' } },
        { name: 'v', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile: '/run/token' } } } },
        { name: 'w', user: { 'token-file': '/run/other' } },
      ],
    });
    assert.deepEqual(await filesOf(file), [
      file,
      at('ca.crt'),
      '/etc/u.crt',
      join(tmpdir(), 'u.key'),
      '/run/token',
      '/run/other',
    ]);
  });

  it('are those of each that is named', async () => {
    const first = write('first', '{}');
    const second = write('second', { clusters: [{ cluster: { 'certificate-authority': '/b' } }] });
    assert.deepEqual(await filesOf(`${first}::${second}`), [first, second, '/b']);
  });

  for (const [title, content] of [
    ['no YAML', '{'],
    ['a text', 'text'],
    ['empty', ''],
    ['of other kinds', { users: { 'client-key': 5 } }],
  ] as const)
    it(`are itself alone where it is ${title}`, async () => {
      const file = write('config', content);
      assert.deepEqual(await filesOf(file), [file]);
    });

  it('are a pipe alone, which is left to be read', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    assert.deepEqual(await filesOf(at('pipe')), [at('pipe')]);
  });

  it('are what is named, though it is not there', async () => {
    assert.deepEqual(await filesOf('/nowhere/config'), ['/nowhere/config']);
  });
});

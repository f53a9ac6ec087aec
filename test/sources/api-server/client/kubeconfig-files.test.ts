/**
 * The files that a kubeconfig refers to.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { stringify } from 'yaml';
import { listKubeconfigFiles } from '../../../../src/sources/api-server/client/kubeconfig-files.ts';

describe('listKubeconfigFiles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-files-'));
  const at = (name: string): string => join(folder, name);
  const write = (name: string, content: unknown): string => {
    writeFileSync(at(name), typeof content === 'string' ? content : stringify(content));
    return at(name);
  };
  after(() => rmSync(folder, { recursive: true }));

  it('returns the kubeconfig and the files that it refers to, resolved against its folder', async () => {
    const file = write('config', {
      clusters: [{ name: 'c', cluster: { server: 'https://a', 'certificate-authority': 'ca.crt' } }],
      users: [
        { name: 'u', user: { 'client-certificate': '/etc/u.crt', 'client-key': '../u.key' } },
        { name: 'v', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile: '/run/token' } } } },
        { name: 'w', user: { 'token-file': '/run/other' } },
        { name: 'x', user: { tokenFile: 'relative' } },
      ],
    });
    assert.deepEqual(await listKubeconfigFiles(file), [
      file,
      at('ca.crt'),
      '/etc/u.crt',
      join(tmpdir(), 'u.key'),
      '/run/token',
      '/run/other',
      at('relative'),
    ]);
  });

  it('returns the files of several kubeconfigs', async () => {
    const first = write('first', '{}');
    const second = write('second', { clusters: [{ cluster: { 'certificate-authority': '/b' } }] });
    assert.deepEqual(await listKubeconfigFiles(`${first}::${second}`), [first, second, '/b']);
  });

  for (const [title, content] of [
    ['malformed YAML', '{'],
    ['a string', 'text'],
    ['empty', ''],
    ['of the wrong types', { users: { 'client-key': 5 } }],
  ] as const)
    it(`returns only the kubeconfig if it is ${title}`, async () => {
      const file = write('config', content);
      assert.deepEqual(await listKubeconfigFiles(file), [file]);
    });

  it('does not read a pipe', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    assert.deepEqual(await listKubeconfigFiles(at('pipe')), [at('pipe')]);
  });

  it('returns a kubeconfig that does not exist', async () => {
    assert.deepEqual(await listKubeconfigFiles('/nowhere/config'), ['/nowhere/config']);
  });
});

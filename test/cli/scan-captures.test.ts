/**
 * The program on volumes of a real kubelet, unpacked and evaluated at the time of the capture.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, it } from 'mocha';

const CAPTURES = new URL('../fixtures/captures/kubelet-v1.36.3/', import.meta.url).pathname;

interface Scanned {
  readonly pod: string;
  readonly kind: string;
  readonly volume: string;
  readonly path: string;
  readonly audiences: readonly string[];
  readonly lifetimeSeconds?: number;
  readonly issuedAt?: number;
  readonly mode: string;
}

for (const { name, at, vaultIssuedAt } of [
  { name: 'before', at: '1795480173.5', vaultIssuedAt: 1795479639 },
  { name: 'after', at: '1795480174.6', vaultIssuedAt: 1795480174 },
]) {
  describe(`scan of the capture ${name} a rotation`, () => {
    let root = '';
    let tokens: readonly Scanned[] = [];
    let raw = '';

    before(() => {
      root = mkdtempSync(`${tmpdir()}/satoken-`);
      execFileSync('tar', ['xpzf', `${CAPTURES}${name}-rotation.tar.gz`, '-C', root]);
      const args = ['src/main.ts', 'scan', `--kubelet.root-dir=${root}`, `--at=${at}`, '--output=json'];
      const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.equal(run.status, 1, run.stderr);
      raw = run.stdout + run.stderr;
      tokens = (JSON.parse(run.stdout) as { tokens: Scanned[] }).tokens;
    });
    after(() => rmSync(root, { recursive: true, force: true }));

    const one = (pod: string, path: string): Scanned => {
      const found = tokens.find((token) => token.pod === pod && token.path === path);
      assert.ok(found, `${pod} ${path}`);
      return found;
    };

    it('lists its 14 tokens, and the copy of a container', () => {
      assert.equal(tokens.length, 15);
      assert.equal(one('j-subpath', 'subPath://c/0').kind, 'subpath');
    });

    it('shows the requested lifetime, not the extended one', () => {
      assert.equal(one('a-default', 'token').lifetimeSeconds, 3607);
      assert.equal(one('e-multi', 'first').lifetimeSeconds, 900);
      assert.equal(one('e-multi', 'sub/dir/token').lifetimeSeconds, 600);
    });

    it('shows audiences and file modes', () => {
      assert.deepEqual(one('e-multi', 'first').audiences, ['aud-one']);
      assert.equal(one('d-fsgroup', 'token').mode, '0640');
      assert.equal(one('d2-runasuser', 'token').mode, '0600');
      assert.equal(one('d3-mixeduid', 'token').mode, '0644');
    });

    it('shows the time of the rotation', () =>
      assert.equal(one('b-vault600', 'vault-token').issuedAt, vaultIssuedAt));

    it('prints no part of a token', () => assert.doesNotMatch(raw, /eyJ[\w-]+/));
  });
}

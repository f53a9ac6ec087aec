/**
 * A kubeconfig that cannot be used, by command and `--cluster.mode`.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { EXIT } from '../../src/cli/command.ts';
import { MAIN, startProgram } from '../support/program.ts';

describe('a kubeconfig that cannot be used', () => {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-mode-'));
  const args = [`--kubelet.root-dir=${rootDir}`, '--cluster.kubeconfig=/nowhere'];
  before(() => mkdirSync(join(rootDir, 'pods')));
  after(() => rmSync(rootDir, { recursive: true }));

  for (const command of ['serve', 'scan']) {
    it(`prevents ${command} from starting with --cluster.mode=on`, () => {
      const run = spawnSync(process.execPath, [MAIN, command, ...args, '--cluster.mode=on'], {
        encoding: 'utf8',
      });
      assert.equal(run.status, EXIT.usage);
      assert.match(
        run.stderr,
        /^cannot load kubeconfig \/nowhere: no such file or directory; check --cluster\.kubeconfig or KUBECONFIG$/m,
      );
      assert.equal(run.stdout, '');
    });
  }

  it('is reported by scan, which runs without the API server', () => {
    const run = spawnSync(process.execPath, [MAIN, 'scan', ...args], { encoding: 'utf8' });
    assert.equal(run.status, EXIT.ok);
    assert.match(
      run.stderr,
      /^cannot load kubeconfig \/nowhere: no such file or directory; check --cluster\.kubeconfig or KUBECONFIG\n$/,
    );
    assert.equal(run.stdout, 'no tokens on this node\n');
  });

  it('is logged by serve, which runs without the API server', async () => {
    const program = await startProgram('serve', ...args);
    await program.says(/level=warn msg="API server not used" problem="cannot load kubeconfig/);
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    assert.equal(await program.stop(), EXIT.ok);
    assert.match(metrics, /^satoken_tokens\{/m);
    assert.doesNotMatch(metrics, /^satoken_cluster_up\{/m);
  });
});

/**
 * The program on a simulated node, with a node name that is not the node's.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type ApiServer, createApiServer } from '../../simulator/api-server.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { plainFolders } from '../../simulator/kubelet/mounts.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { EXIT } from '../../src/cli/command.ts';
import { systemClock } from '../../src/runtime/system-clock.ts';
import { MAIN, startProgram } from '../support/program.ts';

const USER = 'test';
const DAY = 86_400;
const WARNING =
  'the pods that the API server lists for the node a-host are not on this node, whose tokens name the node node-1: set --node-name=node-1 instead of a-host';

interface Run {
  readonly status: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Does not block: the API server is in this process. */
function run(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) =>
      resolve({ status: error?.code ?? 0, stdout, stderr }),
    );
  });
}

describe('with a wrong --node-name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-wrong-node-'));
  const rootDir = join(folder, 'kubelet');
  const kubeconfig = join(folder, 'kubeconfig');
  const paths = [`--kubelet.root-dir=${rootDir}`, `--cluster.kubeconfig=${kubeconfig}`];
  const args = [...paths, '--node-name=a-host'];
  let world: World;
  let api: ApiServer;

  before(async () => {
    mkdirSync(rootDir);
    world = createWorld({ rootDir, mounts: plainFolders, now: systemClock.now });
    api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
    writeFileSync(kubeconfig, kubeconfigFor({ url: await api.listen(), token: USER }));
    world.run({ namespace: 'shop', name: 'late', serviceAccount: 'late' }, 3 * DAY);
  });
  after(async () => {
    await api.close();
    world.kubelet.close();
    rmSync(folder, { recursive: true });
  });

  it('scan names the option on standard error and still reports what is wrong', async () => {
    const { status, stdout, stderr } = await run('scan', ...args);
    assert.equal(stderr, `${WARNING}\n`);
    assert.match(stdout, /^shop +late .*rotation_overdue/m);
    assert.equal(status, EXIT.failing);
  });

  it('explain does so too', async () => {
    const { status, stdout, stderr } = await run('explain', 'shop/late', ...args);
    assert.equal(stderr, `${WARNING}\n`);
    assert.match(stdout, /FAIL +rotation_overdue/);
    assert.equal(status, EXIT.failing);
  });

  it('serve logs a warning and exports the reason', async () => {
    const program = await startProgram('serve', ...args);
    await program.says(/level=warn msg="pods from the API server not used" problem=".*--node-name=node-1/);
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    assert.equal(await program.stop(), EXIT.ok);
    assert.match(metrics, /^satoken_cluster_up\{node="a-host",resource="pods"\} 0$/m);
    assert.match(
      metrics,
      /^satoken_cluster_failure\{node="a-host",resource="pods",reason="wrong_node"\} 1$/m,
    );
    assert.match(metrics, /^satoken_problem\{.*reason="rotation_overdue"/m);
  });

  it('scan prints no warning with the right name', async () => {
    const { status, stdout, stderr } = await run('scan', ...paths, '--node-name=node-1');
    assert.equal(stderr, '');
    assert.match(stdout, /^shop +late .*rotation_overdue/m);
    assert.equal(status, EXIT.failing);
  });
});

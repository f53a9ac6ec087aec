/**
 * Owners of pods who fill Secrets: `serve` stays within its memory and answers, and all other pods keep their tokens.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { type LimitedProgram, startLimitedProgram } from '../../support/program.ts';
import { type AttackedNode, count, createAttackedNode, FILE_ATTACKS, VICTIMS } from './file-attacks.ts';

const MAX_BYTES = 160 * 1_048_576;

describe('the owner of a pod who mounts', () => {
  let node: AttackedNode;
  let program: LimitedProgram;

  const text = async (path: string): Promise<string> => {
    const response = await fetch(program.url + path);
    assert.equal(response.status, 200);
    return response.text();
  };

  // The sources need memory to be compiled, which users do not pay for.
  before(() => void execFileSync('npm', ['run', '--silent', 'build']));
  beforeEach(async () => {
    node = createAttackedNode();
    program = await startLimitedProgram('serve', `--kubelet.root-dir=${node.rootDir}`, '--cluster.mode=off');
  });
  afterEach(async () => {
    await program.stop();
    node.remove();
  });

  for (const attack of FILE_ATTACKS) {
    it(`${attack.it} takes no tokens, memory or responses from others`, async () => {
      node.add(attack);
      let metrics = '';
      while (!attack.isFound(metrics)) {
        await text('/healthz');
        metrics = await text('/metrics');
        assert.equal(count(metrics, /^satoken_info\{.*pod_uid="victim-/gm), VICTIMS);
      }
      await text('/');
      await text('/tokens');
      assert.ok(program.peakBytes() < MAX_BYTES, `${program.peakBytes()} bytes`);
      assert.equal(program.kills(), 0);
    });
  }
});

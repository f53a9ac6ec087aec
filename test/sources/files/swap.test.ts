/**
 * A volume that another process rotates without a pause, while it is read: always whole, never lost.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'mocha';
import { createSource } from '../../support/sources.ts';
import { createNode, KIND_OF_MOUNT, type TestNode } from '../../support/volumes.ts';

const SCRIPT = new URL(import.meta.resolve('./rotating-writer.ts')).pathname;
const SCANS = 1_000;

describe(`a volume that is rotated without a pause (${KIND_OF_MOUNT})`, () => {
  let node: TestNode;
  let writer: ChildProcess;
  before(async () => {
    node = createNode();
    const { place } = node.volume();
    writer = spawn(process.execPath, [SCRIPT, place.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(writer.stdout !== null);
    await once(writer.stdout, 'data');
  });
  after(async () => {
    const exit = once(writer, 'exit');
    writer.kill('SIGKILL');
    await exit;
    node.remove();
  });

  /** What is seen at once: the tokens' paths, whether they are of one generation, and what was amiss. */
  function sight({ tokens, unreadable }: ReturnType<ReturnType<typeof createSource>['observe']>) {
    return {
      paths: tokens.map(({ identity }) => identity.path).sort(),
      ids: new Set(tokens.map(({ claims }) => claims.id)).size,
      unreadable,
    };
  }

  /** The certificate is the third file that holds the token: any content counts, wherever it lies. */
  const WHOLE = { paths: ['ca.crt', 'first', 'sub/second'], ids: 1, unreadable: [] };

  it('is seen whole by each of a thousand scans, whoever scans first', async () => {
    for (let scan = 0; scan < SCANS; scan += 1) {
      const source = createSource(node.rootDir);
      await source.scan();
      assert.deepEqual(sight(source.observe()), WHOLE, `scan ${scan}`);
    }
  });

  it('is seen whole from scan to scan, each rotation of each token counted once', async () => {
    const source = createSource(node.rootDir);
    let [changes, before] = [0, ''];
    for (let scan = 0; scan < SCANS || changes < 100; scan += 1) {
      await source.scan();
      const observation = source.observe();
      assert.deepEqual(sight(observation), WHOLE, `scan ${scan}`);
      const id = observation.tokens[0]?.claims.id ?? '';
      if (scan > 0 && id !== before) changes += 1;
      before = id;
    }
    assert.equal(source.rotations.length, 3 * changes);
    assert.deepEqual(source.readFailures, []);
  });
});

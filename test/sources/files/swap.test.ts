/**
 * A volume that is rotated continuously while it is read: every reading is complete and consistent.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type RotatingWriter, startRotatingWriter } from './support/rotating-writer.ts';
import { createNode, KIND_OF_MOUNT, type TestNode } from './support/test-node.ts';
import { createSource } from './support/test-source.ts';

const SCANS = 1_000;

describe(`a volume that is rotated continuously (${KIND_OF_MOUNT})`, () => {
  let node: TestNode;
  let writer: RotatingWriter;
  before(async () => {
    node = createNode();
    writer = await startRotatingWriter(node.volume().location.directory);
  });
  after(async () => {
    await writer.close();
    node.remove();
  });

  /** The paths of the tokens, the number of generations they are from, and the unreadable objects. */
  function summary({ tokens, unreadable }: ReturnType<ReturnType<typeof createSource>['observe']>) {
    return {
      paths: tokens.map(({ identity }) => identity.path).sort(),
      ids: new Set(tokens.map(({ claims }) => claims.id)).size,
      unreadable,
    };
  }

  /** Every file of the volume holds the token: a file counts by its content, not by its name. */
  const COMPLETE = { paths: ['ca.crt', 'first', 'sub/second'], ids: 1, unreadable: [] };

  it('is read completely by a thousand sources, each of which scans once', async () => {
    for (let scan = 0; scan < SCANS; scan += 1) {
      const source = createSource(node.rootDir);
      writer.allow();
      await source.scan();
      assert.deepEqual(summary(source.observe()), COMPLETE, `scan ${scan}`);
    }
  });

  it('is read completely by a thousand scans of one source, which reports each rotation once', async () => {
    const source = createSource(node.rootDir);
    let [changes, before] = [0, ''];
    for (let scan = 0; scan < SCANS || changes < 100; scan += 1) {
      writer.allow();
      await source.scan();
      const observation = source.observe();
      assert.deepEqual(summary(observation), COMPLETE, `scan ${scan}`);
      const id = observation.tokens[0]?.claims.id ?? '';
      if (scan > 0 && id !== before) changes += 1;
      before = id;
    }
    assert.equal(source.rotations.length, 3 * changes);
    assert.deepEqual(source.readFailures, []);
  });
});

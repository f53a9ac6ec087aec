/**
 * The whole node, scan by scan and without any events: what is there is found, and what is gone is lost.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createSource, type TestSource } from '../../support/sources.ts';
import { POD_UID } from '../../support/tokens.ts';
import { createNode, KIND_OF_MOUNT, nextToken, type TestNode } from '../../support/volumes.ts';

const OTHER_POD = 'b5d3c6a0-7c0e-4b8a-8f57-2f1b3f0a9c11';
/** Long enough for every pod to be old and its volumes due for listing. */
const AGES = 3_600;

let node: TestNode;
let source: TestSource;

/** The hooks of each suite here: at the top of a file they would be those of all files. */
function useFreshState(): void {
  beforeEach(() => {
    node = createNode();
    source = createSource(node.rootDir);
  });
  afterEach(() => node.remove());
}

describe(`scan (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('finds projected tokens and those in Secrets, of all pods', async () => {
    node.volume().write({ 'vault-token': nextToken({ jti: 'one' }) });
    node
      .volume({ plugin: 'secret', name: 'api' })
      .write({ token: nextToken({ jti: 'two' }), password: 'hunter2' });
    node.volume({ podUid: OTHER_POD }).write({ 'a/b': nextToken({ jti: 'three' }) });
    assert.deepEqual(await source.scanned(), {
      tokens: ['api/token two', 'vault-token/a/b three', 'vault-token/vault-token one'],
      unreadable: [],
    });
  });

  it('reports when the scan ended and how long it took', async () => {
    assert.equal(source.observe().scannedAt, undefined);
    const startedAt = Date.now() / 1_000;
    await source.scan();
    const endedAt = Date.now() / 1_000;
    const { scannedAt, scanSeconds } = source.observe();
    assert.ok(scannedAt !== undefined && startedAt <= scannedAt && scannedAt <= endedAt);
    assert.ok((scanSeconds ?? -1) >= 0);
  });

  it('lists the tokens by the same list while they are the same', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await source.scan();
    const { tokens } = source.observe();
    await source.scan();
    assert.equal(source.observe().tokens, tokens);
    volume.write({ token: nextToken() });
    await source.scan();
    assert.notEqual(source.observe().tokens, tokens);
    assert.equal(source.observe().tokens.length, 1);
  });

  it('lets others run while it reads for long', async () => {
    const tokens = Object.fromEntries(
      Array.from({ length: 128 }, (_, index) => [`token-${index}`, nextToken()]),
    );
    for (let index = 0; index < 40; index += 1) node.volume({ podUid: `pod-${index}` }).fill(tokens);
    let [isDone, turns] = [false, 0];
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await source.scan();
    isDone = true;
    assert.equal(source.observe().tokens.length, 40 * 128);
    assert.ok(turns > 0, 'nobody else ran');
  });

  it('sees a rotation, and hears of it once', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await source.scanned();
    volume.write({ token: nextToken({ jti: 'two' }) });
    assert.deepEqual((await source.scanned()).tokens, ['vault-token/token two']);
    await source.scanned();
    assert.equal(source.rotations.length, 1);
  });

  it('finds a new pod, and loses one that is gone', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    node.volume({ podUid: OTHER_POD, name: 'other' }).write({ token: nextToken({ jti: 'other' }) });
    await source.scanned();
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    assert.deepEqual(await source.scanned(), { tokens: ['other/token other'], unreadable: [] });
  });

  it('loses a volume that was taken down, though its pod stays', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await source.scanned();
    source.shiftClock(AGES);
    await source.scanned();
    volume.unmount();
    assert.deepEqual(await source.scanned(), { tokens: [], unreadable: [] });
  });

  it('tells a volume that is still there and empty, until it is mounted', async () => {
    const volume = node.volume({ isMounted: false });
    assert.deepEqual((await source.scanned()).unreadable, [`${POD_UID}/vault-token: not_mounted`]);
    volume.mount();
    volume.write({ token: nextToken({ jti: 'late' }) });
    assert.deepEqual(await source.scanned(), { tokens: ['vault-token/token late'], unreadable: [] });
  });

  it('reads what is mounted anew at the same place', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await source.scanned();
    volume.unmount();
    volume.mount();
    volume.write({ token: nextToken({ jti: 'two' }) });
    assert.deepEqual(await source.scanned(), { tokens: ['vault-token/token two'], unreadable: [] });
  });

  it('reads a pod that was removed and came back under its uid, with other volumes', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await source.scanned();
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    node.volume({ name: 'other' }).write({ token: nextToken({ jti: 'new' }) });
    assert.deepEqual(await source.scanned(), { tokens: ['other/token new'], unreadable: [] });
  });

  it('finds a volume that an old pod gets late within two minutes', async () => {
    node.volume().write({ token: nextToken({ jti: 'one' }) });
    await source.scanned();
    source.shiftClock(AGES);
    await source.scanned();
    node.volume({ name: 'late' }).write({ token: nextToken({ jti: 'two' }) });
    source.shiftClock(120);
    assert.deepEqual((await source.scanned()).tokens, ['late/token two', 'vault-token/token one']);
  });

  it('counts what it could not read once per scan', async () => {
    node.volume().fill({ token: 'eyJ', 'vault-token': '' });
    node.volume({ podUid: OTHER_POD, isMounted: false });
    await source.scanned();
    assert.deepEqual([...source.readFailures].sort(), ['empty', 'not_a_jwt', 'not_mounted']);
    await source.scanned();
    assert.equal(source.readFailures.length, 6);
  });
});

describe(`look (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('finds what comes up in a new pod without waiting for the next scan', async () => {
    mkdirSync(join(node.pods, POD_UID));
    await source.scanned();
    assert.equal(source.isPending(), true);
    const volume = node.volume({ isMounted: false });
    // Looked at again as it grows older, not at every moment of its first.
    source.shiftClock(1);
    source.look();
    assert.deepEqual(source.seen().unreadable, [`${POD_UID}/vault-token: not_mounted`]);
    volume.mount();
    volume.write({ token: nextToken({ jti: 'one' }) });
    source.look();
    assert.deepEqual(source.seen(), { tokens: ['vault-token/token one'], unreadable: [] });
  });

  for (const { it: title, seconds, isMounted, isPending } of [
    { it: 'waits for more of a pod that is new', seconds: 4, isMounted: true, isPending: true },
    { it: 'waits for nothing of a pod that has all it had', seconds: 6, isMounted: true, isPending: false },
    { it: 'waits two minutes for a volume to be mounted', seconds: 119, isMounted: false, isPending: true },
    { it: 'leaves the rest to scans', seconds: 121, isMounted: false, isPending: false },
  ]) {
    it(title, async () => {
      const volume = node.volume({ isMounted });
      if (isMounted) volume.write({ token: nextToken() });
      await source.scanned();
      source.shiftClock(seconds);
      assert.equal(source.isPending(), isPending);
    });
  }

  it('leaves a settled pod alone', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await source.scanned();
    source.shiftClock(AGES);
    volume.write({ token: nextToken({ jti: 'two' }) });
    source.look();
    assert.deepEqual(source.seen().tokens, ['vault-token/token one']);
  });

  it('takes pods for new again where the clock is set back, and looks at them', async () => {
    node.volume().write({ token: nextToken() });
    await source.scanned();
    source.shiftClock(AGES);
    await source.scanned();
    source.shiftClock(-2 * AGES);
    assert.equal(source.isPending(), true);
    await source.scanned();
    source.shiftClock(6);
    assert.equal(source.isPending(), false);
  });
});

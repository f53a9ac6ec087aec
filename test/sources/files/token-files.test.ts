/**
 * Scans and refreshes without any event: what was added is found, and what was removed is forgotten.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { POD_UID } from '../../support/tokens.ts';
import { KIND_OF_MOUNT, nextToken, OTHER_POD, onFreshNode, type TestNode } from './support/test-node.ts';
import { createSource, type TestSource } from './support/test-source.ts';

/** After this time every pod is settled, and a listing of its volumes is due. */
const HOUR = 3_600;

let node: TestNode;
let source: TestSource;

const useFreshState = onFreshNode((fresh) => {
  node = fresh;
  source = createSource(node.rootDir);
});

describe(`scan (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('finds the projected tokens and the tokens in Secrets of all pods', async () => {
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

  it('records when it ended and how long it took', async () => {
    assert.equal(source.observe().scannedAt, undefined);
    await source.scan();
    const { scannedAt, scanSeconds } = source.observe();
    assert.equal(scannedAt, source.now());
    assert.ok((scanSeconds ?? -1) >= 0);
  });

  it('returns the same list while the tokens are the same', async () => {
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

  it('yields to the event loop during a long scan', async () => {
    const tokens = Object.fromEntries(
      Array.from({ length: 64 }, (_, index) => [`token-${index}`, nextToken()]),
    );
    for (let index = 0; index < 80; index += 1) node.volume({ podUid: `pod-${index}` }).fill(tokens);
    let [isDone, turns] = [false, 0];
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await source.scan();
    isDone = true;
    assert.equal(source.observe().tokens.length, 80 * 64);
    assert.ok(turns > 0, 'the event loop did not turn');
  });

  it('finds a rotation, and reports it once', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await source.scanned();
    volume.write({ token: nextToken({ jti: 'two' }) });
    assert.deepEqual((await source.scanned()).tokens, ['vault-token/token two']);
    await source.scanned();
    assert.equal(source.rotations.length, 1);
  });

  it('forgets a pod that was removed, and keeps the others', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    node.volume({ podUid: OTHER_POD, name: 'other' }).write({ token: nextToken({ jti: 'other' }) });
    await source.scanned();
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    assert.deepEqual(await source.scanned(), { tokens: ['other/token other'], unreadable: [] });
  });

  it('forgets a volume that was removed from a running pod', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await source.scanned();
    source.shiftClock(HOUR);
    await source.scanned();
    volume.unmount();
    assert.deepEqual(await source.scanned(), { tokens: [], unreadable: [] });
  });

  it('reports a volume as not_mounted until it is mounted', async () => {
    const volume = node.volume({ isMounted: false });
    assert.deepEqual((await source.scanned()).unreadable, [`${POD_UID}/vault-token: not_mounted`]);
    volume.mount();
    volume.write({ token: nextToken({ jti: 'late' }) });
    assert.deepEqual(await source.scanned(), { tokens: ['vault-token/token late'], unreadable: [] });
  });

  it('reads a volume that was unmounted and mounted again', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await source.scanned();
    volume.unmount();
    volume.mount();
    volume.write({ token: nextToken({ jti: 'two' }) });
    assert.deepEqual(await source.scanned(), { tokens: ['vault-token/token two'], unreadable: [] });
  });

  it('reads a pod that was recreated with the same uid and other volumes', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken() });
    await source.scanned();
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    node.volume({ name: 'other' }).write({ token: nextToken({ jti: 'new' }) });
    assert.deepEqual(await source.scanned(), { tokens: ['other/token new'], unreadable: [] });
  });

  it('finds a new volume of an old pod within two minutes', async () => {
    node.volume().write({ token: nextToken({ jti: 'one' }) });
    await source.scanned();
    source.shiftClock(HOUR);
    await source.scanned();
    node.volume({ name: 'late' }).write({ token: nextToken({ jti: 'two' }) });
    source.shiftClock(120);
    assert.deepEqual((await source.scanned()).tokens, ['late/token two', 'vault-token/token one']);
  });

  it('counts each unreadable object once per scan', async () => {
    node.volume().fill({ token: 'eyJ', 'vault-token': '' });
    node.volume({ podUid: OTHER_POD, isMounted: false });
    await source.scanned();
    source.readFailures.length = 0;
    source.shiftClock(60);
    await source.scanned();
    assert.deepEqual([...source.readFailures].sort(), ['empty', 'not_a_jwt', 'not_mounted']);
    await source.scanned();
    assert.equal(source.readFailures.length, 6);
  });

  it('counts a volume that is not mounted only after a minute', async () => {
    const volume = node.volume({ isMounted: false });
    await source.scanned();
    source.shiftClock(59.9);
    await source.scanned();
    assert.deepEqual(source.readFailures, []);
    volume.mount();
    volume.write({ token: nextToken() });
    await source.scanned();
    source.shiftClock(HOUR);
    volume.unmount();
    await source.scanned();
    assert.deepEqual(source.readFailures, []);
  });
});

describe(`refresh (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('finds the volume of a new pod before the next scan', async () => {
    mkdirSync(join(node.pods, POD_UID));
    await source.scanned();
    assert.equal(source.isPending(), true);
    const volume = node.volume({ isMounted: false });
    // A listing is due once the age of the pod has doubled.
    source.shiftClock(1);
    await source.refresh();
    assert.deepEqual(source.seen().unreadable, [`${POD_UID}/vault-token: not_mounted`]);
    volume.mount();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await source.refresh();
    assert.deepEqual(source.seen(), { tokens: ['vault-token/token one'], unreadable: [] });
  });

  for (const { it: title, seconds, isMounted, isPending } of [
    {
      it: 'is pending for a new pod, even if its volumes are mounted',
      seconds: 4,
      isMounted: true,
      isPending: true,
    },
    {
      it: 'is no longer pending for a pod whose volumes are mounted',
      seconds: 6,
      isMounted: true,
      isPending: false,
    },
    {
      it: 'is pending for two minutes while a volume is not mounted',
      seconds: 119,
      isMounted: false,
      isPending: true,
    },
    { it: 'is no longer pending after two minutes', seconds: 121, isMounted: false, isPending: false },
  ]) {
    it(title, async () => {
      const volume = node.volume({ isMounted });
      if (isMounted) volume.write({ token: nextToken() });
      await source.scanned();
      source.shiftClock(seconds);
      assert.equal(source.isPending(), isPending);
    });
  }

  it('does not read a settled pod', async () => {
    const volume = node.volume();
    volume.write({ token: nextToken({ jti: 'one' }) });
    await source.scanned();
    source.shiftClock(HOUR);
    volume.write({ token: nextToken({ jti: 'two' }) });
    await source.refresh();
    assert.deepEqual(source.seen().tokens, ['vault-token/token one']);
  });

  it('treats pods as new after the clock was set back', async () => {
    node.volume().write({ token: nextToken() });
    await source.scanned();
    source.shiftClock(HOUR);
    await source.scanned();
    source.shiftClock(-2 * HOUR);
    assert.equal(source.isPending(), true);
    await source.scanned();
    source.shiftClock(6);
    assert.equal(source.isPending(), false);
  });
});

/**
 * Who reads the tokens of a node, from real events: workloads, the kubelet and the exporter itself.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { placeOf } from '../../../src/core/origin.ts';
import type { TokenReads } from '../../../src/core/reads/token-reads.ts';
import type { Token } from '../../../src/core/token/token.ts';
import type { TokenFiles } from '../../../src/sources/files/token-files.ts';
import { createOwnOpens, type OwnOpens } from '../../../src/sources/reads/own-opens.ts';
import type { Drained } from '../../../src/sources/reads/protocol.ts';
import { createVolumes, type Volumes } from '../../../src/sources/reads/volumes.ts';
import { describeWith } from '../../support/tools.ts';
import {
  createNode,
  KIND_OF_MOUNT,
  nextToken,
  type TestNode,
  type TestVolume,
} from '../files/support/test-node.ts';
import { openTokenFiles } from '../files/support/test-source.ts';
import { createWatchedNode, open, type WatchedNode } from './support/watched-node.ts';

describeWith(['foreign functions'], `the reads of a node's tokens (${KIND_OF_MOUNT})`, () => {
  let node: TestNode;
  let watched: WatchedNode;
  let opens: OwnOpens;
  let files: TokenFiles;
  let volumes: Volumes;
  let seconds = 0;

  beforeEach(() => {
    node = createNode();
    seconds = 1_000;
    opens = createOwnOpens(node.rootDir);
    watched = createWatchedNode(opens.shared);
    volumes = createVolumes(node.rootDir);
    opens.follow((one) => volumes.addOpen(one, seconds * 1_000));
    files = openTokenFiles({ rootDir: node.rootDir, opens });
  });
  afterEach(() => {
    files.close();
    watched.close();
    node.remove();
  });

  const tokens = (): readonly Token[] => files.observe().tokens;

  /** What the source does with each report of the thread. All swaps count as watched at once, and as some time ago. */
  function report(change: Partial<Drained> = {}, lateSeconds = 0): void {
    seconds += 1;
    const { started, drained, losses } = watched.step();
    const seen = started.map((one) => (one.blindMs === undefined ? one : { ...one, blindMs: 1 }));
    const [, folders] = watched.counts();
    const rest = { losses, readAt: seconds, folders, isLimited: false, tookMs: 0 };
    const time = { at: seconds + lateSeconds, monotonicMs: seconds * 1_000 };
    const changed = drained.map((one) => ({ ...one, sinceSwapMs: 5_000, ...change }));
    volumes.addReport({ started: seen, drained: changed, ...rest }, time);
  }

  /** The thread reports each second, also if nothing happens. */
  function wait(duration: number): void {
    seconds += duration;
    const [, folders] = watched.counts();
    const report = { started: [], drained: [], readAt: seconds, losses: [], folders };
    volumes.addReport(
      { ...report, isLimited: false, tookMs: 0 },
      { at: seconds, monotonicMs: seconds * 1_000 },
    );
  }

  /** Reads the node, as the source of files does. */
  async function scan(): Promise<void> {
    await files.scan();
    for (const command of volumes.setTokens(tokens(), seconds * 1_000)) watched.obey(command);
    report();
  }

  async function rotate(volume: TestVolume) {
    wait(60);
    volume.write({ 'ca.crt': 'x', token: nextToken({ jti: `${seconds}` }) });
    report();
    await scan();
  }

  function visit(volume: TestVolume): void {
    for (const name of readdirSync(volume.generation())) open(volume, `..data/${name}`);
  }

  function readsOf(volume: TestVolume): TokenReads {
    const { tokens: all } = volumes.facts();
    const token = tokens().find(({ identity }) => identity.volume === volume.location.volume);
    return (token && all.get(placeOf(token.identity))) ?? assert.fail('not watched');
  }

  async function watchedVolume(): Promise<TestVolume> {
    const volume = node.volume();
    await rotate(volume);
    return volume;
  }

  it('leave out those of the exporter, which reads each token at each rotation', async () => {
    const volume = await watchedVolume();
    for (let count = 0; count < 4; count += 1) await rotate(volume);
    const { lastReadAt, generations, withoutRead } = readsOf(volume);
    assert.deepEqual([lastReadAt, generations, withoutRead], [undefined, 3, 3]);
  });

  it('leave out those of the kubelet, which opens all files at each sync', async () => {
    const volume = await watchedVolume();
    for (let count = 0; count < 4; count += 1) {
      await rotate(volume);
      visit(volume);
      report();
    }
    await rotate(volume);
    const { lastReadAt, generations, withoutRead } = readsOf(volume);
    assert.deepEqual([lastReadAt, generations, withoutRead], [undefined, 4, 4]);
    assert.notEqual(volumes.facts().lastVisitAt, undefined);
  });

  it('are those of a workload', async () => {
    const volume = await watchedVolume();
    await rotate(volume);
    open(volume, 'token');
    report();
    assert.deepEqual([readsOf(volume).lastReadAt, readsOf(volume).isReadSinceRotation], [seconds, true]);
    const readAt = seconds;
    await rotate(volume);
    await rotate(volume);
    const { lastReadAt, withoutRead, isReadSinceRotation } = readsOf(volume);
    assert.deepEqual([lastReadAt, withoutRead, isReadSinceRotation], [readAt, 1, false]);
  });

  it('have the time of the thread that saw them, even if another one is late', async () => {
    const volume = await watchedVolume();
    await rotate(volume);
    open(volume, 'token');
    report({}, 5);
    assert.equal(readsOf(volume).lastReadAt, seconds);
  });

  it('are those of a workload at the rotation, next to those of the exporter', async () => {
    const volume = await watchedVolume();
    for (let count = 0; count < 3; count += 1) {
      volume.write({ 'ca.crt': 'x', token: nextToken({ jti: `at ${count}` }) });
      watched.follow();
      open(volume, 'token');
      await files.scan();
      report({ sinceSwapMs: 20 });
      assert.deepEqual([readsOf(volume).lastReadAt, readsOf(volume).readAtRotationAt], [seconds, seconds]);
    }
  });

  it('are found at nested paths, and of each token of a folder', async () => {
    const volume = node.volume();
    const write = (id: string): void =>
      volume.write({
        'sub/one': nextToken({ jti: `${id} one` }),
        'sub/two': nextToken({ jti: `${id} two` }),
        'ca.crt': 'x',
      });
    write('first');
    await scan();
    write('second');
    await scan();
    open(volume, 'sub/two');
    report();
    const places = tokens().map(({ identity }) => [identity.path, placeOf(identity)] as const);
    const found = places.map(([path, place]) => [path, volumes.facts().tokens.get(place)?.lastReadAt]);
    assert.deepEqual(found, [
      ['sub/one', undefined],
      ['sub/two', seconds],
    ]);
    assert.equal(volumes.facts().watches, 1);
  });

  it('are not known in a generation with lost events', async () => {
    const volume = await watchedVolume();
    await rotate(volume);
    open(volume, 'ca.crt');
    report({ isLossy: true });
    assert.equal(readsOf(volume).isReadSinceRotation, undefined);
    await rotate(volume);
    const { generations, withoutRead } = readsOf(volume);
    assert.deepEqual([generations, withoutRead], [0, 0]);
  });

  it('are not known for the time without a thread', async () => {
    const volume = await watchedVolume();
    await rotate(volume);
    const before = readsOf(volume);
    seconds += 60;
    const commands = volumes.restart({ at: seconds, monotonicMs: seconds * 1_000 });
    assert.equal(volumes.facts().tokens.size, 0);
    for (const command of commands) watched.obey(command);
    report();
    const { observedSince, completeSince } = readsOf(volume);
    assert.ok(observedSince === before.observedSince && completeSince > before.completeSince);
  });

  describe('show when the kubelet was last seen', () => {
    const lastVisitAt = () => volumes.facts().lastVisitAt;

    it('not by a visit before nothing was watched any longer', async () => {
      const volume = await watchedVolume();
      visit(volume);
      report();
      assert.equal(lastVisitAt(), seconds);
      const commands = volumes.restart({ at: seconds, monotonicMs: seconds * 1_000 });
      seconds += 100;
      for (const command of commands) watched.obey(command);
      report();
      assert.deepEqual([volumes.facts().watches, lastVisitAt()], [1, undefined]);
    });

    it('by a rotation, whose visit is not complete', async () => {
      const volume = await watchedVolume();
      volume.write({ 'ca.crt': 'x', token: nextToken({ jti: 'rotated' }) });
      wait(100);
      report();
      assert.equal(lastVisitAt(), seconds);
    });

    for (const step of [3_600, -3_600])
      it(`as long ago as before if the clock is set by ${step} s`, async () => {
        const volume = await watchedVolume();
        visit(volume);
        report();
        const seen = { started: [], drained: [], readAt: seconds, losses: [] };
        const nothingSeen = { ...seen, folders: 1, isLimited: false, tookMs: 0 };
        volumes.addReport(nothingSeen, { at: seconds + 10 + step, monotonicMs: (seconds + 10) * 1_000 });
        assert.equal(lastVisitAt(), seconds + step);
      });
  });

  describe('are observed from the start of the containers', () => {
    /** Without events. */
    function reportAt(at: number): void {
      const seen = { started: [], drained: [], readAt: at, losses: [] };
      const rest = { folders: 1, isLimited: false, tookMs: 0 };
      volumes.addReport({ ...seen, ...rest }, { at, monotonicMs: (seconds + 10) * 1_000 });
    }

    it('if the volume appears while the exporter runs', async () => {
      const volume = await watchedVolume();
      reportAt(seconds + 10.5);
      assert.equal(readsOf(volume).isStartObserved, true);
    });

    it('unless the volume was there at the first scan', async () => {
      const volume = node.volume();
      volume.write({ token: nextToken({ jti: 'first' }) });
      await files.scan();
      for (const command of volumes.setTokens(tokens(), seconds * 1_000, false)) watched.obey(command);
      report();
      await rotate(volume);
      assert.equal(readsOf(volume).isStartObserved, false);
    });

    it('unless the volume was there before and comes back', async () => {
      const volume = await watchedVolume();
      const same = tokens();
      seconds += 61;
      for (const found of [[], same])
        for (const command of volumes.setTokens(found, seconds * 1_000)) watched.obey(command);
      report();
      assert.equal(readsOf(volume).isStartObserved, false);
    });

    it('unless the clock was set a short while before', async () => {
      await watchedVolume();
      reportAt(seconds - 3_600);
      seconds += 60;
      const other = node.volume({ name: 'other' });
      await rotate(other);
      assert.equal(readsOf(other).isStartObserved, false);
    });

    it('unless the clock is set while there is no thread', async () => {
      volumes.restart({ at: seconds + 3_600, monotonicMs: seconds * 1_000 });
      const volume = node.volume();
      volume.write({ token: nextToken({ jti: 'first' }) });
      await files.scan();
      volumes.setTokens(tokens(), seconds * 1_000);
      for (const command of volumes.restart({ at: seconds, monotonicMs: seconds * 1_000 }))
        watched.obey(command);
      report();
      assert.equal(readsOf(volume).isStartObserved, false);
    });

    for (const step of [3_600, -3_600])
      it(`unless the clock is set by ${step} s`, async () => {
        const volume = await watchedVolume();
        reportAt(seconds + 10 + step);
        assert.equal(readsOf(volume).isStartObserved, false);
        await rotate(volume);
        assert.equal(readsOf(volume).isStartObserved, false);
      });
  });

  it('are not known if a generation may have come and gone while the process did not run', async () => {
    const volume = await watchedVolume();
    await rotate(volume);
    await rotate(volume);
    assert.equal(readsOf(volume).withoutRead, 1);
    seconds += 60;
    for (const jti of ['missed', 'next']) volume.write({ 'ca.crt': 'x', token: nextToken({ jti }) });
    report();
    await rotate(volume);
    const { completeSince, withoutRead, generationAt } = readsOf(volume);
    assert.deepEqual([completeSince, withoutRead], [generationAt, 0]);
  });

  it('are not ruled out in a folder that is so busy that opens may be merged', async () => {
    const volume = await watchedVolume();
    for (let count = 0; count < 500; count += 1) open(volume, 'ca.crt');
    report();
    await rotate(volume);
    readdirSync(volume.generation());
    for (const name of ['ca.crt', 'token', 'token']) open(volume, name);
    report();
    await rotate(volume);
    assert.deepEqual([readsOf(volume).lastReadAt, readsOf(volume).withoutRead], [undefined, 0]);
    open(volume, 'token');
    report();
    assert.deepEqual([readsOf(volume).lastReadAt, readsOf(volume).isReadSinceRotation], [seconds, true]);
  });

  it('have a time before the starts of containers after the clock was set back', async () => {
    const volume = await watchedVolume();
    await rotate(volume);
    open(volume, 'token');
    report();
    assert.equal(readsOf(volume).lastReadAt, seconds);
    volumes.restart({ at: seconds - 100, monotonicMs: seconds * 1_000 });
    for (const command of volumes.restart({ at: seconds - 100, monotonicMs: seconds * 1_000 }))
      watched.obey(command);
    report();
    assert.equal(readsOf(volume).lastReadAt, seconds - 101);
  });

  it('are watched again in a volume that comes back after it was forgotten', async () => {
    await watchedVolume();
    const kindsFor = (found: readonly Token[]) =>
      volumes.setTokens(found, seconds * 1_000).map(({ kind }) => kind);
    const same = tokens();
    seconds += 61;
    assert.deepEqual(kindsFor([]), ['unwatch']);
    assert.deepEqual([kindsFor(same), kindsFor(same)], [['watch'], []]);
  });

  it('are not known for the time of a generation that could not be watched', async () => {
    const volume = await watchedVolume();
    await rotate(volume);
    await rotate(volume);
    assert.equal(readsOf(volume).withoutRead, 1);
    open(volume, 'ca.crt');
    report({ hasEnded: true });
    wait(600);
    await rotate(volume);
    const { completeSince, generationAt, withoutRead } = readsOf(volume);
    assert.deepEqual([completeSince, withoutRead], [generationAt, 0]);
  });

  it('are not watched in a folder with too many files, each of which anyone may open all the time', async () => {
    const volume = node.volume();
    const others = Array.from({ length: 128 }, (_, index) => [`f${index}`, 'x'] as const);
    volume.write({ ...Object.fromEntries(others), token: nextToken({ jti: 'many' }) });
    await scan();
    assert.deepEqual([tokens().length, volumes.facts().watches, volumes.facts().tokens.size], [1, 0, 0]);
  });

  it('are not watched for too many tokens in one folder', async () => {
    const volume = node.volume();
    const names = Array.from({ length: 33 }, (_, index) => `t${index}`);
    volume.write(Object.fromEntries(names.map((name) => [name, nextToken({ jti: name })])));
    await scan();
    assert.deepEqual([tokens().length, volumes.facts().watches, volumes.facts().tokens.size], [33, 1, 0]);
  });

  it('are forgotten with the volume, a minute after it was last found', async () => {
    const volume = await watchedVolume();
    volume.unmount();
    await scan();
    assert.equal(volumes.facts().tokens.size, 0);
    seconds += 61;
    assert.deepEqual(
      volumes.setTokens(tokens(), seconds * 1_000).map(({ kind }) => kind),
      ['unwatch'],
    );
    assert.deepEqual(volumes.setTokens(tokens(), seconds * 1_000), []);
  });

  it('are not watched in volumes of Secrets, which are never rotated', async () => {
    node.volume({ plugin: 'secret', name: 'legacy' }).write({ token: nextToken({ jti: '1' }) });
    await scan();
    assert.deepEqual([tokens().length, volumes.facts().watches, volumes.facts().tokens.size], [1, 0, 0]);
  });

  it('say how many folders a limit leaves unwatched', async () => {
    await watchedVolume();
    const nothingSeen = { started: [], drained: [], readAt: seconds, losses: [] };
    const limited = { ...nothingSeen, folders: 0, isLimited: true, tookMs: 0 };
    volumes.addReport(limited, { at: seconds, monotonicMs: seconds * 1_000 });
    assert.deepEqual([volumes.facts().watches, volumes.facts().unwatched], [0, 1]);
  });
});

/**
 * Drains of the queue of opens, and events that are lost: with a queue that the test writes, and with real inotify.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { describe, it } from 'mocha';
import { createFolderWatches } from '../../../../src/sources/reads/thread/folder-watches.ts';
import type { Inotify } from '../../../../src/sources/reads/thread/inotify.ts';
import { IN, type InotifyEvent } from '../../../../src/sources/reads/thread/inotify-events.ts';
import { err, ok } from '../../../../src/util/result.ts';
import { describeWith } from '../../../support/tools.ts';
import { KIND_OF_MOUNT, type TestVolume } from '../../files/support/test-node.ts';
import { CLOSED, FILES, FOLDER, OPENED, useStage } from '../support/stage.ts';
import { open } from '../support/watched-node.ts';

const OVERFLOW: InotifyEvent = { watch: -1, mask: IN.overflow, name: '' };
const PROGRAM = '/app';
const VOLUME_WATCH = 1;
const FOLDER_WATCH = 2;
const IGNORED: InotifyEvent = { watch: FOLDER_WATCH, mask: IN.ignored, name: '' };

/** A volume with one folder. */
function watchFolder() {
  const queue: InotifyEvent[] = [];
  let watches = 0;
  const inotify: Partial<Inotify> = {
    add: (path) => {
      if (path === PROGRAM) return err('ENOENT');
      watches += 1;
      return ok(watches);
    },
    remove: () => undefined,
    take: () => queue.splice(0),
  };
  const libc = { readLink: () => undefined };
  const folders = createFolderWatches({
    inotify: inotify as Inotify,
    libc,
    program: PROGRAM,
    monotonicMs: () => 0,
  });
  const folder = { path: '/volume/a', generation: 'a', key: '1/', volume: VOLUME_WATCH, files: 3 };
  const add = () => folders.add(folder);
  assert.deepEqual([folders.addVolume('/volume'), add()], [ok(VOLUME_WATCH), ok(FOLDER_WATCH)]);
  const drain = (...events: readonly InotifyEvent[]) => {
    queue.push(...events);
    return folders.drain().drained.map(({ watch, isLossy, hasEnded }) => ({ watch, isLossy, hasEnded }));
  };
  return { folders, add, drain };
}

describe('the watch of a folder', () => {
  it('ends with its last event', () => {
    const { folders, drain } = watchFolder();
    folders.remove(FOLDER_WATCH);
    assert.deepEqual(drain(IGNORED), [{ watch: FOLDER_WATCH, isLossy: false, hasEnded: true }]);
    assert.equal(folders.count(), 0);
  });

  it('ends, and claims nothing, if the kernel removed it and its last event was lost before', () => {
    const { folders, drain } = watchFolder();
    assert.deepEqual(drain(OVERFLOW), [{ watch: FOLDER_WATCH, isLossy: true, hasEnded: false }]);
    folders.remove(FOLDER_WATCH);
    assert.deepEqual(drain(), [{ watch: FOLDER_WATCH, isLossy: true, hasEnded: true }]);
    assert.equal(folders.count(), 0);
  });

  it('waits for its last event if it is removed in a drain, after the queue was taken', () => {
    const { folders, drain } = watchFolder();
    const opens = Array.from({ length: 1_000 }, (_, index) => ({
      watch: FOLDER_WATCH,
      mask: index % 2 === 0 ? IN.open : IN.closeNoWrite,
      name: 'token',
    }));
    const lossy = { watch: FOLDER_WATCH, isLossy: true, hasEnded: false };
    for (let count = 0; count < 2; count += 1) assert.deepEqual(drain(...opens), [lossy]);
    assert.deepEqual(drain(IGNORED), [{ ...lossy, isLossy: false, hasEnded: true }]);
    assert.equal(folders.count(), 0);
  });

  it('is not added in a volume whose watch was removed, even if the last event of that one was lost', () => {
    const { folders, add, drain } = watchFolder();
    drain(OVERFLOW);
    folders.remove(VOLUME_WATCH);
    drain();
    assert.equal(add().ok, false);
  });
});

/** More events than the kernel queues. */
function fillQueue(volume: TestVolume): void {
  const max = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  for (let count = 0; count <= max; count += 2) open(volume, 'token');
}

describeWith(['foreign functions'], `the watch of a token's folder (${KIND_OF_MOUNT})`, () => {
  const stage = useStage();

  it('sees opens and closes of files, and opens of the folder, in order', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    open(volume, '..data/token');
    readdirSync(volume.generation());
    open(volume, 'token');
    open(volume, 'ca.crt');
    const [{ events, sinceSwapMs } = assert.fail('no events')] = stage.watched.step().drained;
    const others = [
      { kind: 'opened', name: 'ca.crt' },
      { kind: 'closed', name: 'ca.crt' },
    ];
    assert.deepEqual(events, [OPENED, CLOSED, FOLDER, OPENED, CLOSED, ...others]);
    assert.equal(sinceSwapMs, undefined);
    assert.deepEqual(stage.drained(), []);
  });

  it('claims nothing for any folder after an overflow of the queue', () => {
    const others = stage.node.volume({ name: 'other' });
    others.write(FILES);
    const volume = stage.writtenVolume();
    for (const one of [volume, others]) stage.watched.watch(one);
    stage.watched.step();
    fillQueue(volume);
    const { drained: all, losses } = stage.watched.step();
    assert.deepEqual([all.map(({ isLossy }) => isLossy), losses], [[true, true], ['overflow']]);
    open(others, 'token');
    assert.deepEqual(stage.drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
  });

  it('ends if its last event is lost in an overflow', () => {
    const volume = stage.writtenVolume();
    const target = stage.watched.watch(volume);
    stage.watched.step();
    fillQueue(volume);
    stage.watched.unwatch(target);
    assert.deepEqual([stage.drained().at(0)?.hasEnded, stage.watched.counts()], [true, [0, 0]]);
  });

  it('ends if the kernel removes the folder while the queue is full', () => {
    const volume = stage.writtenVolume();
    const target = stage.watched.watch(volume);
    stage.watched.step();
    fillQueue(volume);
    rmSync(volume.generation(), { recursive: true });
    assert.deepEqual([stage.drained().at(0)?.hasEnded, stage.watched.counts()], [false, [1, 1]]);
    stage.watched.unwatch(target);
    assert.deepEqual(stage.drained(), [{ events: [], isLossy: true, hasEnded: true }]);
    assert.deepEqual(stage.watched.counts(), [0, 0]);
  });
});

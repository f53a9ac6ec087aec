/**
 * Watches of folders whose last event is lost, with a queue of events that the test writes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createFolderWatches } from '../../../../src/sources/reads/thread/folder-watches.ts';
import type { Inotify } from '../../../../src/sources/reads/thread/inotify.ts';
import { IN, type InotifyEvent } from '../../../../src/sources/reads/thread/inotify-events.ts';
import { err, ok } from '../../../../src/util/result.ts';

const OVERFLOW: InotifyEvent = { watch: -1, mask: IN.overflow, name: '' };
const PROGRAM = '/app';
const VOLUME = 1;
const FOLDER = 2;
const IGNORED: InotifyEvent = { watch: FOLDER, mask: IN.ignored, name: '' };

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
  const folder = { path: '/volume/a', generation: 'a', key: '1/', volume: VOLUME, files: 3 };
  const add = () => folders.add(folder);
  assert.deepEqual([folders.addVolume('/volume'), add()], [ok(VOLUME), ok(FOLDER)]);
  const drain = (...events: readonly InotifyEvent[]) => {
    queue.push(...events);
    return folders.drain().drained.map(({ watch, isLossy, hasEnded }) => ({ watch, isLossy, hasEnded }));
  };
  return { folders, add, drain };
}

describe('the watch of a folder', () => {
  it('ends with its last event', () => {
    const { folders, drain } = watchFolder();
    folders.remove(FOLDER);
    assert.deepEqual(drain(IGNORED), [{ watch: FOLDER, isLossy: false, hasEnded: true }]);
    assert.equal(folders.count(), 0);
  });

  it('ends, and claims nothing, if the kernel removed it and its last event was lost before', () => {
    const { folders, drain } = watchFolder();
    assert.deepEqual(drain(OVERFLOW), [{ watch: FOLDER, isLossy: true, hasEnded: false }]);
    folders.remove(FOLDER);
    assert.deepEqual(drain(), [{ watch: FOLDER, isLossy: true, hasEnded: true }]);
    assert.equal(folders.count(), 0);
  });

  it('waits for its last event if it is removed in a drain, after the queue was taken', () => {
    const { folders, drain } = watchFolder();
    const opens = Array.from({ length: 1_000 }, (_, index) => ({
      watch: FOLDER,
      mask: index % 2 === 0 ? IN.open : IN.closeNoWrite,
      name: 'token',
    }));
    const lossy = { watch: FOLDER, isLossy: true, hasEnded: false };
    for (let count = 0; count < 2; count += 1) assert.deepEqual(drain(...opens), [lossy]);
    assert.deepEqual(drain(IGNORED), [{ ...lossy, isLossy: false, hasEnded: true }]);
    assert.equal(folders.count(), 0);
  });

  it('is not added in a volume whose watch was removed, even if the last event of that one was lost', () => {
    const { folders, add, drain } = watchFolder();
    drain(OVERFLOW);
    folders.remove(VOLUME);
    drain();
    assert.equal(add().ok, false);
  });
});

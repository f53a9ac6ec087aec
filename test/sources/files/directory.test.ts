/**
 * Listing of folders: kinds of entries, links not followed, and a listing kept only while it holds.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  createCachedList,
  type Listing,
  listFolder,
  statFolder,
} from '../../../src/sources/files/directory.ts';

let folder = '';

/** The hooks of each suite here: at the top of a file they would be those of all files. */
function useFreshState(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-folder-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
}

function namesIn(listing: Listing): readonly string[] {
  assert.ok(listing.ok);
  return listing.entries.map(({ name }) => name).sort();
}

describe('listFolder', () => {
  useFreshState();

  it('tells the kinds of entries', () => {
    writeFileSync(join(folder, 'a-file'), '');
    mkdirSync(join(folder, 'b-folder'));
    symlinkSync('/etc', join(folder, 'c-link'));
    execFileSync('mkfifo', [join(folder, 'd-fifo')]);
    const listing = listFolder(folder);
    assert.ok(listing.ok);
    const kinds = listing.entries.map(({ name, kind }) => [name, kind]).sort();
    assert.deepEqual(kinds, [
      ['a-file', 'file'],
      ['b-folder', 'directory'],
      ['c-link', 'link'],
      ['d-fifo', 'other'],
    ]);
  });

  it('says why it cannot list', () => {
    assert.deepEqual(listFolder(join(folder, 'none')), { ok: false, reason: 'vanished', detail: 'ENOENT' });
  });
});

describe('statFolder', () => {
  useFreshState();

  it('takes a folder', () => assert.ok(statFolder(folder).ok));

  for (const { it: title, make, reason } of [
    { it: 'nothing', make: () => undefined, reason: 'vanished' },
    { it: 'a file', make: (path: string) => writeFileSync(path, ''), reason: 'not_a_directory' },
    {
      it: 'a link to a folder',
      make: (path: string) => symlinkSync('/etc', path),
      reason: 'not_a_directory',
    },
  ]) {
    it(`refuses ${title}`, () => {
      make(join(folder, 'it'));
      const found = statFolder(join(folder, 'it'));
      assert.equal(found.ok ? '' : found.reason, reason);
    });
  }

  it('refuses what lies below a file', () => {
    writeFileSync(join(folder, 'it'), '');
    const found = statFolder(join(folder, 'it/below'));
    assert.equal(found.ok ? '' : found.reason, 'not_a_directory');
  });

  it('refuses a folder so large that listing it would take long', () => {
    writeFileSync(join(folder, 'it'), '');
    for (let index = 0; statSync(folder).size <= 1024 * 1024 && index < 60_000; index += 1)
      linkSync(join(folder, 'it'), join(folder, `${'x'.repeat(240)}${index}`));
    const found = statFolder(folder);
    assert.equal(found.ok ? '' : found.reason, 'too_many_files');
  });
});

describe('createCachedList', () => {
  useFreshState();

  /** Long after any change that the tests make. */
  const later = () => Date.now() + 60_000;

  /** Lists, and lets the clock of the file system tick, so that the next change is stamped with another time. */
  const listAndTick = (list: (nowMs: number) => Listing): void => {
    list(later());
    const [stamp, tick] = [statSync(folder).ctimeMs, `${folder}-tick`];
    do writeFileSync(tick, '');
    while (statSync(tick).ctimeMs === stamp);
    rmSync(tick);
  };

  it('answers the same object while nothing changes', () => {
    const list = createCachedList(folder);
    assert.equal(list(later()), list(later()));
  });

  it('sees an entry that is added', () => {
    const list = createCachedList(folder);
    listAndTick(list);
    mkdirSync(join(folder, 'new'));
    assert.deepEqual(namesIn(list(later())), ['new']);
  });

  it('sees an entry that is removed', () => {
    mkdirSync(join(folder, 'old'));
    const list = createCachedList(folder);
    listAndTick(list);
    rmSync(join(folder, 'old'), { recursive: true });
    assert.deepEqual(namesIn(list(later())), []);
  });

  it('keeps nothing it listed within a tick of a change, when the next would leave no trace', () => {
    const list = createCachedList(folder);
    assert.notEqual(list(Date.now()), list(Date.now()));
  });

  it('sees another folder in the place of the first, whatever time it was given', () => {
    const [place, other] = [join(folder, 'place'), join(folder, 'other')];
    mkdirSync(place);
    mkdirSync(join(other, 'new'), { recursive: true });
    for (const path of [place, other]) utimesSync(path, 1_000, 1_000);
    const list = createCachedList(place);
    assert.deepEqual(namesIn(list(later())), []);
    rmSync(place, { recursive: true });
    renameSync(other, place);
    assert.deepEqual(namesIn(list(later())), ['new']);
  });

  it('sees a change whose time was set back', () => {
    utimesSync(folder, 1_000, 1_000);
    const list = createCachedList(folder);
    listAndTick(list);
    mkdirSync(join(folder, 'new'));
    utimesSync(folder, 1_000, 1_000);
    assert.deepEqual(namesIn(list(later())), ['new']);
  });

  it('answers the same object while a folder is missing, and another once it is there', () => {
    const list = createCachedList(join(folder, 'late'));
    const missing = list(later());
    assert.equal(list(later()), missing);
    mkdirSync(join(folder, 'late'));
    assert.deepEqual(namesIn(list(later())), []);
  });
});

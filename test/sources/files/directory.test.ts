/**
 * Listing directories: kinds of entries, links that are not followed, and listings cached only while they are valid.
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
  createCachedListing,
  isSettled,
  type Listing,
  listDirectory,
  statDirectory,
} from '../../../src/sources/files/directory.ts';

let directory = '';

/** Hooks at the top level of a file would run for all files. */
function useFreshState(): void {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'satoken-directory-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
}

function namesIn(listing: Listing): readonly string[] {
  assert.ok(listing.ok);
  return listing.value.map(({ name }) => name).sort();
}

describe('listDirectory', () => {
  useFreshState();

  it('returns the kind of each entry', () => {
    writeFileSync(join(directory, 'a-file'), '');
    mkdirSync(join(directory, 'b-directory'));
    symlinkSync('/etc', join(directory, 'c-link'));
    execFileSync('mkfifo', [join(directory, 'd-fifo')]);
    const listing = listDirectory(directory);
    assert.ok(listing.ok);
    const kinds = listing.value.map(({ name, kind }) => [name, kind]).sort();
    assert.deepEqual(kinds, [
      ['a-file', 'file'],
      ['b-directory', 'directory'],
      ['c-link', 'link'],
      ['d-fifo', 'other'],
    ]);
  });

  it('returns why a directory cannot be listed', () => {
    const error = { reason: 'vanished', detail: 'no such file or directory' };
    assert.deepEqual(listDirectory(join(directory, 'none')), { ok: false, error });
  });
});

describe('statDirectory', () => {
  useFreshState();

  function reasonOf(path: string): string {
    const stats = statDirectory(path);
    return stats.ok ? '' : stats.error.reason;
  }

  it('accepts a directory', () => assert.ok(statDirectory(directory).ok));

  for (const { it: title, make, reason } of [
    { it: 'a missing path', make: () => undefined, reason: 'vanished' },
    { it: 'a file', make: (path: string) => writeFileSync(path, ''), reason: 'not_a_directory' },
    {
      it: 'a link to a directory',
      make: (path: string) => symlinkSync('/etc', path),
      reason: 'not_a_directory',
    },
  ]) {
    it(`fails with ${reason} for ${title}`, () => {
      make(join(directory, 'it'));
      assert.equal(reasonOf(join(directory, 'it')), reason);
    });
  }

  it('fails with not_a_directory for a path below a file', () => {
    writeFileSync(join(directory, 'it'), '');
    assert.equal(reasonOf(join(directory, 'it/below')), 'not_a_directory');
  });

  it('fails with too_many_files for a directory of more than 1 MiB', () => {
    writeFileSync(join(directory, 'it'), '');
    for (let index = 0; statSync(directory).size <= 1024 * 1024 && index < 60_000; index += 1)
      linkSync(join(directory, 'it'), join(directory, `${'x'.repeat(240)}${index}`));
    assert.equal(reasonOf(directory), 'too_many_files');
  });
});

describe('createCachedListing', () => {
  useFreshState();

  /** Long after any change that the tests make. */
  const later = () => Date.now() + 60_000;

  /** Lists, and waits for the clock of the file system to tick, so that the next change gets another timestamp. */
  const listAndTick = (list: (nowMs: number) => Listing): void => {
    list(later());
    const [stamp, tick] = [statSync(directory).ctimeMs, `${directory}-tick`];
    do writeFileSync(tick, '');
    while (statSync(tick).ctimeMs === stamp);
    rmSync(tick);
  };

  it('returns the same object while nothing changes', () => {
    const list = createCachedListing(directory);
    assert.equal(list(later()), list(later()));
  });

  it('finds an entry that was added', () => {
    const list = createCachedListing(directory);
    listAndTick(list);
    mkdirSync(join(directory, 'new'));
    assert.deepEqual(namesIn(list(later())), ['new']);
  });

  it('omits an entry that was removed', () => {
    mkdirSync(join(directory, 'old'));
    const list = createCachedListing(directory);
    listAndTick(list);
    rmSync(join(directory, 'old'), { recursive: true });
    assert.deepEqual(namesIn(list(later())), []);
  });

  it('caches no listing within a clock tick of a change, since a second change would not alter the ctime', () => {
    const list = createCachedListing(directory);
    const soonMs = statSync(directory).ctimeMs + 99;
    assert.notEqual(list(soonMs), list(soonMs));
  });

  for (const { it: title, changedMs, nowMs, is } of [
    { it: 'within a tick of the clock', changedMs: 5_001, nowMs: 5_101, is: false },
    { it: 'after a tick of the clock', changedMs: 5_001, nowMs: 5_102, is: true },
    {
      it: 'within the second, on a file system with whole seconds',
      changedMs: 5_000,
      nowMs: 6_100,
      is: false,
    },
    { it: 'after the second, on a file system with whole seconds', changedMs: 5_000, nowMs: 6_101, is: true },
  ])
    it(`${is ? 'caches' : 'does not cache'} a listing made ${title}`, () =>
      assert.equal(isSettled(changedMs, nowMs), is));

  it('lists a directory that replaced the first one, even if both have the same modification time', () => {
    const [path, other] = [join(directory, 'path'), join(directory, 'other')];
    mkdirSync(path);
    mkdirSync(join(other, 'new'), { recursive: true });
    for (const one of [path, other]) utimesSync(one, 1_000, 1_000);
    const list = createCachedListing(path);
    assert.deepEqual(namesIn(list(later())), []);
    rmSync(path, { recursive: true });
    renameSync(other, path);
    assert.deepEqual(namesIn(list(later())), ['new']);
  });

  it('finds a change even if the modification time was set back', () => {
    utimesSync(directory, 1_000, 1_000);
    const list = createCachedListing(directory);
    listAndTick(list);
    mkdirSync(join(directory, 'new'));
    utimesSync(directory, 1_000, 1_000);
    assert.deepEqual(namesIn(list(later())), ['new']);
  });

  it('returns the same object while a directory is missing, and lists it once it exists', () => {
    const list = createCachedListing(join(directory, 'late'));
    const missing = list(later());
    assert.equal(list(later()), missing);
    mkdirSync(join(directory, 'late'));
    assert.deepEqual(namesIn(list(later())), []);
  });
});

/**
 * Hostile trees in a generation: the good token is read whatever lies beside it, and each object that is no part of a
 * volume is told and not touched.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { walkGeneration } from '../../../src/sources/files/generation.ts';
import { jwt, rawLegacyClaims } from '../../support/tokens.ts';
import { describeWith } from '../../support/tools.ts';
import {
  createNode,
  type Files,
  KIND_OF_MOUNT,
  type TestNode,
  type TestVolume,
} from '../../support/volumes.ts';
import { walk } from './walked.ts';

let node: TestNode;
let volume: TestVolume;

/** The hooks of each suite here: at the top of a file they would be those of all files. */
function useFreshState(): void {
  beforeEach(() => {
    node = createNode();
    volume = node.volume();
  });
  afterEach(() => node.remove());
}

const GOOD = 'good token';
const TOKEN = jwt();

function fillBesideGood(files: Files): void {
  volume.fill({ ...files, [GOOD]: TOKEN });
}

describe(`walkGeneration (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('finds every token, at any path and name', () => {
    volume.fill({
      token: TOKEN,
      'sub/dir/token': TOKEN,
      'Another name.jwt': TOKEN,
      '.hidden': TOKEN,
      żółć: TOKEN,
      legacy: jwt(rawLegacyClaims()),
      'ca.crt': '-----BEGIN CERTIFICATE-----',
      namespace: 'payments',
    });
    const { tokens, unreadable } = walk(volume);
    assert.deepEqual(tokens.toSorted(), [
      '.hidden',
      'Another name.jwt',
      'legacy',
      'sub/dir/token',
      'token',
      'żółć',
    ]);
    assert.deepEqual(unreadable, []);
  });

  it('finds nothing in a volume without tokens', () => {
    volume.fill({ password: 'hunter2', 'ca.crt': '-----BEGIN CERTIFICATE-----' });
    assert.deepEqual(walk(volume), { tokens: [], unreadable: [] });
  });

  it('takes a file where a token was before for a broken token', () => {
    fillBesideGood({ own: 'gone' });
    assert.deepEqual(walk(volume, (path) => path === 'own').unreadable, ['own: not_a_jwt']);
  });

  it('takes a file where the kubelet is known to put a token for a broken token', () => {
    volume.fill({ 'vault-token': '', other: '' });
    assert.deepEqual(walk(volume).unreadable, ['vault-token: empty']);
  });

  it('shows names of any bytes in one line, and tells them apart', () => {
    fillBesideGood({});
    const names = [
      Buffer.from('a\nb'),
      Buffer.from('a"b'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('a\\x0ab'),
    ];
    for (const name of names) {
      writeFileSync(Buffer.concat([Buffer.from(`${volume.generation()}/`), name]), TOKEN);
    }
    const expected = ['a"b', 'a\\x0ab', 'a\\x5cx0ab', GOOD, '\\xff\\xfe'];
    assert.deepEqual(walk(volume).tokens.toSorted(), expected.toSorted());
  });

  it('follows no folder whose name is of invalid UTF-8 to another of the same look', () => {
    fillBesideGood({});
    const folder = Buffer.concat([Buffer.from(`${volume.generation()}/`), Buffer.from([0xc3])]);
    mkdirSync(folder);
    writeFileSync(Buffer.concat([folder, Buffer.from('/token')]), TOKEN);
    assert.deepEqual(walk(volume).tokens.toSorted(), [GOOD, '\\xc3/token'].toSorted());
  });
});

describe(`walkGeneration of what is no part of a volume (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  for (const { it: title, make, unreadable } of [
    {
      it: 'a link out of the volume',
      make: (path: string) => symlinkSync('/etc/passwd', path),
      unreadable: 'bad_link',
    },
    {
      it: 'a link to a folder outside',
      make: (path: string) => symlinkSync('/etc', path),
      unreadable: 'bad_link',
    },
    {
      it: 'a link to itself',
      make: (path: string) => symlinkSync(basename(path), path),
      unreadable: 'bad_link',
    },
    {
      it: 'a link to the good token',
      make: (path: string) => symlinkSync(GOOD, path),
      unreadable: 'bad_link',
    },
    {
      it: 'a link to the folder it lies in',
      make: (path: string) => symlinkSync('.', path),
      unreadable: 'bad_link',
    },
    { it: 'a FIFO', make: (path: string) => execFileSync('mkfifo', [path]), unreadable: 'not_a_file' },
  ]) {
    it(`tells ${title}, and reads the token beside it`, () => {
      fillBesideGood({});
      make(join(volume.generation(), 'aaa'));
      make(join(volume.generation(), 'token'));
      assert.deepEqual(walk(volume), {
        tokens: [GOOD],
        unreadable: [`aaa: ${unreadable}`, `token: ${unreadable}`],
      });
    });
  }

  for (const { it: title, content, unreadable } of [
    { it: 'a file of 10 MiB', content: Buffer.alloc(10 * 1024 * 1024, 'A'), unreadable: [] },
    {
      it: 'a token that does not end for 10 MiB',
      content: `eyJ${'A'.repeat(10 * 1024 * 1024)}`,
      unreadable: ['aaa: too_large'],
    },
  ]) {
    it(`reads a token beside ${title}`, () => {
      fillBesideGood({ aaa: content });
      assert.deepEqual(walk(volume), { tokens: [GOOD], unreadable });
    });
  }

  it('looks into no generation that is a link', () => {
    fillBesideGood({});
    const generation = volume.generation();
    renameSync(generation, `${generation}-moved`);
    symlinkSync(`${basename(generation)}-moved`, generation);
    assert.deepEqual(walk(volume), { tokens: [], unreadable: [': not_a_directory'] });
  });

  it('looks into no generation that is missing', () => {
    const { tokens, unreadable } = walkGeneration(volume.place, '..2026_01_01_00_00_00.1', () => false);
    assert.deepEqual([tokens, unreadable.map(({ reason }) => reason)], [[], ['vanished']]);
  });
});

describeWith(['root', 'mount namespaces'], 'walkGeneration as root, on a tmpfs mount', () => {
  useFreshState();

  it('opens no device', () => {
    fillBesideGood({});
    execFileSync('mknod', [join(volume.generation(), 'token'), 'c', '1', '3']);
    execFileSync('mknod', [join(volume.generation(), 'disk'), 'b', '7', '0']);
    assert.deepEqual(walk(volume), { tokens: [GOOD], unreadable: ['disk: not_a_file', 'token: not_a_file'] });
  });

  for (const { it: title, mountedOn } of [
    { it: 'a folder', mountedOn: 'sub' },
    { it: 'a file', mountedOn: 'file' },
  ]) {
    it(`tells what another file system is mounted over ${title}`, () => {
      fillBesideGood({ 'sub/token': TOKEN, file: TOKEN });
      const target = join(volume.generation(), mountedOn);
      const outside = join(node.rootDir, mountedOn);
      if (mountedOn === 'sub') mkdirSync(outside);
      else writeFileSync(outside, TOKEN);
      execFileSync('mount', ['--bind', outside, target]);
      try {
        assert.deepEqual(walk(volume).unreadable, [`${mountedOn}: bad_link`]);
      } finally {
        execFileSync('umount', [target]);
      }
    });
  }
});

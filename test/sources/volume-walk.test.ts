/**
 * Hostile trees in a generation: the good token is read whatever lies beside it, and each object that is no part of a
 * volume is told and not touched.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { MAX_DEPTH, MAX_FILES, MAX_TOKENS, walkGeneration } from '../../src/sources/volume-walk.ts';
import { jwt, rawLegacyClaims } from '../support/tokens.ts';
import { describeWith } from '../support/tools.ts';
import {
  createNode,
  type Files,
  KIND_OF_MOUNT,
  lineOf,
  type TestNode,
  type TestVolume,
} from '../support/volumes.ts';

let node: TestNode;
let volume: TestVolume;
beforeEach(() => {
  node = createNode();
  volume = node.volume();
});
afterEach(() => node.remove());

const GOOD = 'good token';
const TOKEN = jwt();

interface Walked {
  readonly tokens: readonly string[];
  readonly unreadable: readonly string[];
}

/** What is found by path, with the volume's own name cut off. */
function walk(wasToken: (path: string) => boolean = () => false): Walked {
  const { tokens, unreadable } = walkGeneration(volume.place, basename(volume.generation()), wasToken);
  const { podUid, volume: name } = volume.place;
  return {
    tokens: tokens.map(({ path }) => path),
    unreadable: unreadable.map((object) => lineOf(object).replace(new RegExp(`^${podUid}/${name}/?`), '')),
  };
}

function fillBesideGood(files: Files): void {
  volume.fill({ ...files, [GOOD]: TOKEN });
}

describe(`walkGeneration (${KIND_OF_MOUNT})`, () => {
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
    const { tokens, unreadable } = walk();
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
    assert.deepEqual(walk(), { tokens: [], unreadable: [] });
  });

  it('takes a file where a token was before for a broken token', () => {
    fillBesideGood({ own: 'gone' });
    assert.deepEqual(walk((path) => path === 'own').unreadable, ['own: not_a_jwt']);
  });

  it('takes a file where the kubelet is known to put a token for a broken token', () => {
    volume.fill({ 'vault-token': '', other: '' });
    assert.deepEqual(walk().unreadable, ['vault-token: empty']);
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
    assert.deepEqual(walk().tokens.toSorted(), expected.toSorted());
  });

  it('follows no folder whose name is of invalid UTF-8 to another of the same look', () => {
    fillBesideGood({});
    const folder = Buffer.concat([Buffer.from(`${volume.generation()}/`), Buffer.from([0xc3])]);
    mkdirSync(folder);
    writeFileSync(Buffer.concat([folder, Buffer.from('/token')]), TOKEN);
    assert.deepEqual(walk().tokens.toSorted(), [GOOD, '\\xc3/token'].toSorted());
  });
});

describe(`walkGeneration of what is no part of a volume (${KIND_OF_MOUNT})`, () => {
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
      assert.deepEqual(walk(), {
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
      assert.deepEqual(walk(), { tokens: [GOOD], unreadable });
    });
  }

  it('looks into no generation that is a link', () => {
    fillBesideGood({});
    const generation = volume.generation();
    renameSync(generation, `${generation}-moved`);
    symlinkSync(`${basename(generation)}-moved`, generation);
    assert.deepEqual(walk(), { tokens: [], unreadable: [': not_a_directory'] });
  });

  it('looks into no generation that is missing', () => {
    const { tokens, unreadable } = walkGeneration(volume.place, '..2026_01_01_00_00_00.1', () => false);
    assert.deepEqual([tokens, unreadable.map(({ reason }) => reason)], [[], ['vanished']]);
  });
});

describe(`the limits of walkGeneration (${KIND_OF_MOUNT})`, () => {
  const many = (count: number, content: string): Files => {
    return Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${1e6 + index}`, content]));
  };
  const deep = (folders: number): string => `${'d/'.repeat(folders)}token`;

  for (const { it: title, count, unreadable } of [
    { it: `reads ${MAX_TOKENS} tokens without complaint`, count: MAX_TOKENS, unreadable: [] },
    { it: 'says that one more is not read', count: MAX_TOKENS + 1, unreadable: [': too_many_tokens'] },
    { it: 'says so once, however many there are', count: 3 * MAX_TOKENS, unreadable: [': too_many_tokens'] },
  ]) {
    it(title, () => {
      volume.fill(many(count, TOKEN));
      const walked = walk();
      assert.equal(walked.tokens.length, MAX_TOKENS);
      assert.deepEqual(walked.unreadable, unreadable);
    });
  }

  it('counts what it cannot read as well', () => {
    volume.fill({ ...many(MAX_TOKENS, 'eyJ'), 'a-token': TOKEN });
    const { tokens, unreadable } = walk();
    assert.deepEqual(tokens, ['a-token']);
    assert.equal(unreadable.length, MAX_TOKENS);
    assert.equal(unreadable.at(-1), ': too_many_tokens');
  });

  it('reads a token among 10,000 files', () => {
    volume.fill({ ...many(10_000, ''), [GOOD]: TOKEN });
    assert.deepEqual(walk(), { tokens: [GOOD], unreadable: [] });
  });

  it(`counts ${MAX_FILES} files as the most there may be`, () => {
    volume.fill(many(MAX_FILES, ''));
    assert.deepEqual(walk(), { tokens: [], unreadable: [] });
    writeFileSync(join(volume.generation(), 'zzz'), TOKEN);
    assert.deepEqual(walk(), { tokens: [], unreadable: [': too_many_files'] });
  });

  it(`reads ${MAX_DEPTH} folders deep`, () => {
    volume.fill({ [deep(MAX_DEPTH)]: TOKEN });
    assert.deepEqual(walk(), { tokens: [deep(MAX_DEPTH)], unreadable: [] });
  });

  it('says that it reads no deeper, and reads what lies beside', () => {
    fillBesideGood({ [deep(MAX_DEPTH + 1)]: TOKEN, [`${'d/'.repeat(MAX_DEPTH)}z`]: TOKEN });
    assert.deepEqual(walk(), {
      tokens: [`${'d/'.repeat(MAX_DEPTH)}z`, GOOD],
      unreadable: [`${'d/'.repeat(MAX_DEPTH)}d: too_deep`],
    });
  });

  it('leaves nothing open', () => {
    fillBesideGood({ ...many(300, TOKEN), [deep(MAX_DEPTH + 3)]: TOKEN });
    const before = readdirSync('/proc/self/fd').length;
    walk();
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });
});

describeWith(['root', 'mount namespaces'], 'walkGeneration as root, on a tmpfs mount', () => {
  it('opens no device', () => {
    fillBesideGood({});
    execFileSync('mknod', [join(volume.generation(), 'token'), 'c', '1', '3']);
    execFileSync('mknod', [join(volume.generation(), 'disk'), 'b', '7', '0']);
    assert.deepEqual(walk(), { tokens: [GOOD], unreadable: ['disk: not_a_file', 'token: not_a_file'] });
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
        assert.deepEqual(walk().unreadable, [`${mountedOn}: bad_link`]);
      } finally {
        execFileSync('umount', [target]);
      }
    });
  }
});

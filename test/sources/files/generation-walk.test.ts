/**
 * Hostile directory trees in a generation: the valid token is always read, and an object that the kubelet does not
 * write is reported and not opened.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'mocha';
import { walkGeneration } from '../../../src/sources/files/walk.ts';
import { jwt, rawLegacyClaims } from '../../support/tokens.ts';
import { describeWith } from '../../support/tools.ts';
import {
  complete,
  type Files,
  KIND_OF_MOUNT,
  onFreshNode,
  type TestNode,
  type TestVolume,
  walk,
  walkOthers,
} from './support/test-node.ts';

let node: TestNode;
let volume: TestVolume;

const useFreshState = onFreshNode((fresh) => {
  node = fresh;
  volume = node.volume();
});

const VALID = 'valid token';
const TOKEN = jwt();

function fillWithValid(files: Files): void {
  volume.fill({ ...files, [VALID]: TOKEN });
}

describe(`walkGeneration (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('finds a token at any path and name', () => {
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

  it('returns nothing for a volume without tokens', () => {
    volume.fill({ password: 'hunter2', 'ca.crt': '-----BEGIN CERTIFICATE-----' });
    assert.deepEqual(walk(volume), { tokens: [], unreadable: [] });
  });

  it('returns what else a projected volume has, and no other file of a Secret', () => {
    const files = { password: 'hunter2', 'ca.crt': '-----BEGIN CERTIFICATE-----', empty: '' };
    volume.fill(files);
    assert.deepEqual(walkOthers(volume).toSorted(), [
      'ca.crt: not_a_jwt',
      'empty: empty',
      'password: not_a_jwt',
    ]);
    const secret = node.volume({ plugin: 'secret', name: 'own' });
    secret.fill(files);
    assert.deepEqual(walkOthers(secret), []);
  });

  it('reports a file that replaced a token as unreadable', () => {
    fillWithValid({ own: 'gone' });
    assert.deepEqual(walk(volume, (path) => path === 'own').unreadable, ['own: not_a_jwt']);
  });

  it('reports a file where the kubelet writes a token as unreadable', () => {
    volume.fill({ 'vault-token': '', other: '' });
    assert.deepEqual(walk(volume).unreadable, ['vault-token: empty']);
  });

  it('shows names of any bytes in one line, each differently', () => {
    fillWithValid({});
    const names = [
      Buffer.from('a\nb'),
      Buffer.from('a"b'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('a\\x0ab'),
    ];
    for (const name of names) {
      writeFileSync(Buffer.concat([Buffer.from(`${volume.generation()}/`), name]), TOKEN);
    }
    const expected = ['a"b', 'a\\x0ab', 'a\\x5cx0ab', VALID, '\\xff\\xfe'];
    assert.deepEqual(walk(volume).tokens.toSorted(), expected.toSorted());
  });

  it('reads a directory whose name is not valid UTF-8', () => {
    fillWithValid({});
    const directory = Buffer.concat([Buffer.from(`${volume.generation()}/`), Buffer.from([0xc3])]);
    mkdirSync(directory);
    writeFileSync(Buffer.concat([directory, Buffer.from('/token')]), TOKEN);
    assert.deepEqual(walk(volume).tokens.toSorted(), [VALID, '\\xc3/token'].toSorted());
  });
});

describe(`the steps of walkGeneration (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('are as many as there are files, so that a volume of any size is read in slices', () => {
    const count = 100;
    volume.fill(Object.fromEntries(Array.from({ length: count }, (_, index) => [`sub/key-${index}`, ''])));
    const steps = walkGeneration(volume.location, basename(volume.generation()), () => false);
    assert.equal([...steps].length, count + 1);
  });
});

describe(`walkGeneration with objects that the kubelet does not write (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  for (const { it: title, make, unreadable } of [
    {
      it: 'a link out of the volume',
      make: (path: string) => symlinkSync('/etc/passwd', path),
      unreadable: 'bad_link',
    },
    {
      it: 'a link to a directory outside',
      make: (path: string) => symlinkSync('/etc', path),
      unreadable: 'bad_link',
    },
    {
      it: 'a link to itself',
      make: (path: string) => symlinkSync(basename(path), path),
      unreadable: 'bad_link',
    },
    {
      it: 'a link to the valid token',
      make: (path: string) => symlinkSync(VALID, path),
      unreadable: 'bad_link',
    },
    {
      it: 'a link to its own directory',
      make: (path: string) => symlinkSync('.', path),
      unreadable: 'bad_link',
    },
    { it: 'a FIFO', make: (path: string) => execFileSync('mkfifo', [path]), unreadable: 'not_a_file' },
  ]) {
    it(`reports ${title} as ${unreadable}, and reads the valid token`, () => {
      fillWithValid({});
      make(join(volume.generation(), 'aaa'));
      make(join(volume.generation(), 'token'));
      assert.deepEqual(walk(volume), {
        tokens: [VALID],
        unreadable: [`aaa: ${unreadable}`, `token: ${unreadable}`],
      });
    });
  }

  for (const { it: title, content, unreadable } of [
    { it: 'a file of 10 MiB', content: Buffer.alloc(10 * 1024 * 1024, 'A'), unreadable: [] },
    {
      it: 'a token of 10 MiB',
      content: `eyJ${'A'.repeat(10 * 1024 * 1024)}`,
      unreadable: ['aaa: too_large'],
    },
  ]) {
    it(`reads the valid token next to ${title}`, () => {
      fillWithValid({ aaa: content });
      assert.deepEqual(walk(volume), { tokens: [VALID], unreadable });
    });
  }

  it('fails with not_a_directory if the generation is a link', () => {
    fillWithValid({});
    const generation = volume.generation();
    renameSync(generation, `${generation}-moved`);
    symlinkSync(`${basename(generation)}-moved`, generation);
    assert.deepEqual(walk(volume), { tokens: [], unreadable: [': not_a_directory'] });
  });

  it('fails with vanished if the generation is missing', () => {
    const { tokens, unreadable } = complete(
      walkGeneration(volume.location, '..2026_01_01_00_00_00.1', () => false),
    );
    assert.deepEqual([tokens, unreadable.map(({ reason }) => reason)], [[], ['vanished']]);
  });
});

describeWith(['root', 'mount namespaces'], 'walkGeneration as root, on a tmpfs mount', () => {
  useFreshState();

  it('reports devices as not_a_file, and opens none', () => {
    fillWithValid({});
    execFileSync('mknod', [join(volume.generation(), 'token'), 'c', '1', '3']);
    execFileSync('mknod', [join(volume.generation(), 'disk'), 'b', '7', '0']);
    assert.deepEqual(walk(volume), {
      tokens: [VALID],
      unreadable: ['disk: not_a_file', 'token: not_a_file'],
    });
  });

  for (const { it: title, mountedOn } of [
    { it: 'a directory', mountedOn: 'sub' },
    { it: 'a file', mountedOn: 'file' },
  ]) {
    it(`reports bad_link if another file system is mounted over ${title}`, () => {
      fillWithValid({ 'sub/token': TOKEN, file: TOKEN });
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

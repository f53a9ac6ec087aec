/**
 * The limits of reading a volume: everything up to a limit is read, and what exceeds it is reported.
 */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'mocha';
import { namedPaths } from '../../../src/sources/files/named-paths.ts';
import { NO_SCOPE, NO_USAGE, POD_LIMITS, type Scope } from '../../../src/sources/files/pods/pod-limits.ts';
import { MAX_DEPTH, MAX_FILES, walkGeneration } from '../../../src/sources/files/walk.ts';
import { jwt, rawClaims } from '../../support/tokens.ts';
import {
  complete,
  type Files,
  KIND_OF_MOUNT,
  onFreshNode,
  type TestNode,
  type TestVolume,
  walk,
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

describe(`the limits of walkGeneration (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  const many = (count: number, content: string): Files => {
    return Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${1e6 + index}`, content]));
  };
  const never = (): boolean => false;
  const charactersOf = ({ location, generation }: TestVolume): number => {
    const { usage, tokens } = complete(walkGeneration(location, basename(generation()), never));
    return usage.unnamed.characters / tokens.length;
  };
  const deep = (directories: number): string => `${'d/'.repeat(directories)}token`;

  const leftOutOf = ({ location, generation }: TestVolume, scope: Scope = NO_SCOPE) => {
    const content = complete(walkGeneration(location, basename(generation()), never, scope));
    return Object.keys(content.leftOut);
  };
  const { unnamed, named } = POD_LIMITS;

  for (const { it: title, count, leftOut } of [
    { it: `reads ${unnamed.objects} tokens`, count: unnamed.objects, leftOut: [] },
    {
      it: `reads ${unnamed.objects} of ${unnamed.objects + 1} tokens, and says that it left one out`,
      count: unnamed.objects + 1,
      leftOut: ['unnamed'],
    },
    {
      it: `reads ${unnamed.objects} of ${3 * unnamed.objects} tokens`,
      count: 3 * unnamed.objects,
      leftOut: ['unnamed'],
    },
  ]) {
    it(title, () => {
      volume.fill(many(count, TOKEN));
      assert.equal(walk(volume).tokens.length, unnamed.objects);
      assert.deepEqual(walk(volume).unreadable, []);
      assert.deepEqual(leftOutOf(volume), leftOut);
    });
  }

  it('counts unreadable objects toward the limit of tokens', () => {
    volume.fill({ ...many(unnamed.objects, 'eyJ'), 'a-token': TOKEN });
    const { tokens, unreadable } = walk(volume);
    assert.deepEqual(tokens, ['a-token']);
    assert.equal(unreadable.length, unnamed.objects - 1);
    assert.deepEqual(leftOutOf(volume), ['unnamed']);
  });

  it('counts the text in claims: tokens with 4 KiB of audiences leave room for few', () => {
    const long = jwt(rawClaims({ aud: ['a'.repeat(2_000), 'b'.repeat(2_000)] }));
    volume.fill(many(unnamed.objects, long));
    const { tokens } = walk(volume);
    assert.equal(tokens.length, Math.floor(unnamed.characters / charactersOf(volume)));
    assert.deepEqual(leftOutOf(volume), ['unnamed']);
  });

  it('leaves out the same tokens in every generation, in any order of the files', () => {
    const files = many(2 * unnamed.objects, TOKEN);
    volume.fill(files);
    const first = walk(volume).tokens;
    volume.fill(Object.fromEntries(Object.entries(files).reverse()));
    assert.deepEqual(walk(volume).tokens, first);
  });

  it('prefers paths that held a token before', () => {
    volume.fill({ ...many(2 * unnamed.objects, TOKEN), zzz: TOKEN });
    assert.ok(walk(volume, (path) => path === 'zzz').tokens.includes('zzz'));
  });

  it('reads what the spec names, however much else the volume has', () => {
    volume.fill({ ...many(2 * unnamed.objects, TOKEN), 'z/token': TOKEN });
    const scope = { ...NO_SCOPE, named: namedPaths(['z/token']) };
    const { tokens } = walk(volume, never, scope);
    assert.equal(tokens[0], 'z/token');
    assert.equal(tokens.length, unnamed.objects + 1);
  });

  it(`reads ${named.objects} tokens that the spec names, and says that it left out another one`, () => {
    const files = many(named.objects + 1, TOKEN);
    volume.fill(files);
    const scope = { ...NO_SCOPE, named: namedPaths(Object.keys(files)) };
    assert.equal(walk(volume, never, scope).tokens.length, named.objects);
    assert.deepEqual(leftOutOf(volume, scope), ['named']);
  });

  it('leaves as much room as the other volumes of the pod do', () => {
    volume.fill(many(3, TOKEN));
    const used = { ...NO_USAGE, unnamed: { objects: unnamed.objects - 2, characters: 0 } };
    assert.equal(walk(volume, never, { ...NO_SCOPE, used }).tokens.length, 2);
  });

  it('reads the valid token among 10,000 files', () => {
    volume.fill({ ...many(10_000, ''), [VALID]: TOKEN });
    assert.deepEqual(walk(volume), { tokens: [VALID], unreadable: [] });
  });

  it(`reads ${MAX_FILES} files, and reports too_many_files for one more`, () => {
    volume.fill(many(MAX_FILES, ''));
    assert.deepEqual(walk(volume), { tokens: [], unreadable: [] });
    writeFileSync(join(volume.generation(), 'zzz'), TOKEN);
    assert.deepEqual(walk(volume), { tokens: [], unreadable: [': too_many_files'] });
    const scope = { ...NO_SCOPE, named: namedPaths(['zzz']) };
    assert.deepEqual(walk(volume, never, scope), { tokens: ['zzz'], unreadable: [': too_many_files'] });
  });

  it(`reads a token ${MAX_DEPTH} directories deep`, () => {
    volume.fill({ [deep(MAX_DEPTH)]: TOKEN });
    assert.deepEqual(walk(volume), { tokens: [deep(MAX_DEPTH)], unreadable: [] });
  });

  it('reports a deeper directory as too_deep, and reads the files next to it', () => {
    fillWithValid({ [deep(MAX_DEPTH + 1)]: TOKEN, [`${'d/'.repeat(MAX_DEPTH)}z`]: TOKEN });
    assert.deepEqual(walk(volume), {
      tokens: [`${'d/'.repeat(MAX_DEPTH)}z`, VALID],
      unreadable: [`${'d/'.repeat(MAX_DEPTH)}d: too_deep`],
    });
  });

  it('leaves no file open', () => {
    fillWithValid({ ...many(300, TOKEN), [deep(MAX_DEPTH + 3)]: TOKEN });
    const before = readdirSync('/proc/self/fd').length;
    walk(volume);
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });
});

/**
 * How much of a volume is read: all of it up to the limits, and beyond them what is left out is said.
 */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { MAX_DEPTH, MAX_FILES, MAX_TOKENS } from '../../../src/sources/files/generation.ts';
import { jwt } from '../../support/tokens.ts';
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

describe(`the limits of walkGeneration (${KIND_OF_MOUNT})`, () => {
  useFreshState();

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
      const walked = walk(volume);
      assert.equal(walked.tokens.length, MAX_TOKENS);
      assert.deepEqual(walked.unreadable, unreadable);
    });
  }

  it('counts what it cannot read as well', () => {
    volume.fill({ ...many(MAX_TOKENS, 'eyJ'), 'a-token': TOKEN });
    const { tokens, unreadable } = walk(volume);
    assert.deepEqual(tokens, ['a-token']);
    assert.equal(unreadable.length, MAX_TOKENS);
    assert.equal(unreadable.at(-1), ': too_many_tokens');
  });

  it('reads a token among 10,000 files', () => {
    volume.fill({ ...many(10_000, ''), [GOOD]: TOKEN });
    assert.deepEqual(walk(volume), { tokens: [GOOD], unreadable: [] });
  });

  it(`counts ${MAX_FILES} files as the most there may be`, () => {
    volume.fill(many(MAX_FILES, ''));
    assert.deepEqual(walk(volume), { tokens: [], unreadable: [] });
    writeFileSync(join(volume.generation(), 'zzz'), TOKEN);
    assert.deepEqual(walk(volume), { tokens: [], unreadable: [': too_many_files'] });
  });

  it(`reads ${MAX_DEPTH} folders deep`, () => {
    volume.fill({ [deep(MAX_DEPTH)]: TOKEN });
    assert.deepEqual(walk(volume), { tokens: [deep(MAX_DEPTH)], unreadable: [] });
  });

  it('says that it reads no deeper, and reads what lies beside', () => {
    fillBesideGood({ [deep(MAX_DEPTH + 1)]: TOKEN, [`${'d/'.repeat(MAX_DEPTH)}z`]: TOKEN });
    assert.deepEqual(walk(volume), {
      tokens: [`${'d/'.repeat(MAX_DEPTH)}z`, GOOD],
      unreadable: [`${'d/'.repeat(MAX_DEPTH)}d: too_deep`],
    });
  });

  it('leaves nothing open', () => {
    fillBesideGood({ ...many(300, TOKEN), [deep(MAX_DEPTH + 3)]: TOKEN });
    const before = readdirSync('/proc/self/fd').length;
    walk(volume);
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });
});

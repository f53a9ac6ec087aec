/**
 * The limits of reading a volume: everything up to a limit is read, and what exceeds it is reported.
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
  walk,
} from './support/test-node.ts';

let node: TestNode;
let volume: TestVolume;

/** Hooks at the top level of a file would run for all files. */
function useFreshState(): void {
  beforeEach(() => {
    node = createNode();
    volume = node.volume();
  });
  afterEach(() => node.remove());
}

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
  const deep = (directories: number): string => `${'d/'.repeat(directories)}token`;

  for (const { it: title, count, unreadable } of [
    { it: `reads ${MAX_TOKENS} tokens and reports nothing`, count: MAX_TOKENS, unreadable: [] },
    {
      it: `reads ${MAX_TOKENS} of ${MAX_TOKENS + 1} tokens, and reports too_many_tokens`,
      count: MAX_TOKENS + 1,
      unreadable: [': too_many_tokens'],
    },
    {
      it: `reads ${MAX_TOKENS} of ${3 * MAX_TOKENS} tokens, and reports too_many_tokens once`,
      count: 3 * MAX_TOKENS,
      unreadable: [': too_many_tokens'],
    },
  ]) {
    it(title, () => {
      volume.fill(many(count, TOKEN));
      const walked = walk(volume);
      assert.equal(walked.tokens.length, MAX_TOKENS);
      assert.deepEqual(walked.unreadable, unreadable);
    });
  }

  it('counts unreadable objects toward the limit of tokens', () => {
    volume.fill({ ...many(MAX_TOKENS, 'eyJ'), 'a-token': TOKEN });
    const { tokens, unreadable } = walk(volume);
    assert.deepEqual(tokens, ['a-token']);
    assert.equal(unreadable.length, MAX_TOKENS);
    assert.equal(unreadable.at(-1), ': too_many_tokens');
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

/**
 * The built program, fed with generated inputs: it throws nothing, repeats nothing and does not hang.
 *
 * `npm run fuzz` is the long run.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { buildProgram } from '../support/program.ts';
import { fuzz, inputsOf } from './fuzz.ts';
import { derived } from './random.ts';
import { generateToken } from './tokens.ts';
import { maybeMutated } from './values.ts';

const SEED = 20_261_129;
const INPUTS = 20_000;
const NOW = 1_795_480_000;

describe('the generator of inputs', () => {
  it('makes the same inputs of the same seed', () => {
    const tokens = () =>
      Array.from({ length: 50 }, (_, index) => generateToken(derived(SEED, 'a', index), NOW));
    assert.deepEqual(tokens(), tokens());
  });

  it('makes different inputs of each seed, part and index', () => {
    const made = [derived(1, 'a', 0), derived(2, 'a', 0), derived(1, 'b', 0), derived(1, 'a', 1)];
    const tokens = made.map((random) => String(generateToken(random, NOW)));
    assert.equal(new Set(tokens).size, tokens.length);
  });

  it('leaves many values as they are, and changes many', () => {
    const value = { a: [1, 2], b: { c: 'd' } };
    const made = Array.from({ length: 100 }, (_, index) => maybeMutated(derived(SEED, 'b', index), value));
    const same = made.filter((one) => one === value).length;
    assert.ok(same > 20 && same < 80, `${same} of 100 are unchanged`);
  });
});

describe('the built program', () => {
  let dist = '';
  before(() => {
    dist = mkdtempSync(join(tmpdir(), 'built-'));
    buildProgram(dist);
  });
  after(() => rmSync(dist, { recursive: true }));

  it(`takes ${INPUTS} generated inputs without an exception, a duplicate or a hang`, async () => {
    const { throws, duplicates, ...totals } = await fuzz({ dist, seed: SEED, inputs: INPUTS });
    assert.deepEqual({ throws, duplicates }, { throws: [], duplicates: [] });
    assert.ok(inputsOf(totals) >= INPUTS);
    for (const count of Object.values(totals)) assert.ok(count > 0);
  });
});

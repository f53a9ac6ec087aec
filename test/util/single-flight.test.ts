/**
 * Single flight: concurrent calls for one key share an execution.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createSingleFlight } from '../../src/util/single-flight.ts';

describe('single flight', () => {
  it('runs the work once for concurrent calls with the same key', async () => {
    const { run, inFlight } = createSingleFlight<string, number>();
    let runs = 0;
    const work = async (): Promise<number> => {
      runs += 1;
      return runs;
    };
    const calls = [run('a', work), run('a', work)];
    assert.equal(inFlight('a'), calls[0]);
    assert.deepEqual(await Promise.all(calls), [1, 1]);
    assert.equal(inFlight('a'), undefined);
    assert.equal(await run('a', work), 2);
  });

  it('runs the work once for each key', async () => {
    const { run } = createSingleFlight<string, string>();
    const echo = (key: string) => run(key, async () => key);
    assert.deepEqual(await Promise.all([echo('a'), echo('b')]), ['a', 'b']);
  });

  it('rejects every joined call if the work rejects, and runs the work again on the next call', async () => {
    const { run, inFlight } = createSingleFlight<string, number>();
    const failing = async (): Promise<number> => Promise.reject(new Error('failed'));
    const calls = [run('a', failing), run('a', failing)];
    for (const call of calls) await assert.rejects(call, /failed/);
    assert.equal(inFlight('a'), undefined);
    assert.equal(await run('a', async () => 1), 1);
  });
});

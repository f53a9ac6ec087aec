/**
 * Work that holds up everything else: one piece after the other, whatever becomes of each.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createQueue } from '../../../src/web/auth/queue.ts';

describe('a queue', () => {
  it('does one piece after the other', async () => {
    const { run } = createQueue();
    let underway = 0;
    const work = async (): Promise<number> => {
      underway += 1;
      await Promise.resolve();
      const most = underway;
      underway -= 1;
      return most;
    };
    const all = [run(work), run(work), run(work)];
    assert.deepEqual(await Promise.all(all), [1, 1, 1]);
  });

  it('gives everything else its turn in between', async () => {
    const { run } = createQueue();
    const order: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      order.push(name);
      setImmediate(() => order.push(`what came after ${name}`));
    };
    await Promise.all([run(work('a')), run(work('b'))]);
    assert.deepEqual(order, ['a', 'what came after a', 'b']);
  });

  it('goes on after what went wrong', async () => {
    const { run } = createQueue();
    const broken = run(async () => Promise.reject(new Error('broken')));
    const next = run(async () => 'done');
    await assert.rejects(broken, /broken/);
    assert.equal(await next, 'done');
  });
});

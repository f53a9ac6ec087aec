/**
 * The order of renderings and scrapes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createRenderQueue } from '../../../src/web/delivery/render-queue.ts';

describe('the render queue', () => {
  it('renders one at a time, in order', async () => {
    const { render } = createRenderQueue();
    const order: string[] = [];
    const work = (name: string) =>
      render(async (turn) => {
        order.push(`${name} begins`);
        await turn();
        order.push(`${name} ends`);
      });
    await Promise.all([work('a'), work('b')]);
    assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('lets a scrape that arrives during a rendering end before the next slice', async () => {
    const { render, goFirst } = createRenderQueue();
    const order: string[] = [];
    const scraped = Promise.withResolvers<void>();
    const rendered = render(async (turn) => {
      order.push('first slice');
      const scrape = goFirst(() => scraped.promise).then(() => order.push('scrape'));
      setImmediate(() => setImmediate(() => setImmediate(scraped.resolve)));
      await turn();
      order.push('second slice');
      await scrape;
    });
    await rendered;
    assert.deepEqual(order, ['first slice', 'scrape', 'second slice']);
  });

  it('goes on after a rendering and a scrape that failed', async () => {
    const { render, goFirst } = createRenderQueue();
    const fail = async (): Promise<never> => {
      throw new Error('failed');
    };
    const failures = await Promise.allSettled([render(fail), goFirst(fail)]);
    assert.deepEqual(
      failures.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(await render(async () => 'rendered'), 'rendered');
  });

  it('takes no more than eight', async () => {
    const { render } = createRenderQueue();
    const accepted = Array.from({ length: 8 }, () => render(async () => 'rendered'));
    assert.equal(
      render(async () => 'rejected'),
      undefined,
    );
    for (const rendered of accepted) assert.equal(await rendered, 'rendered');
    assert.equal(await render(async () => 'rendered'), 'rendered');
  });
});

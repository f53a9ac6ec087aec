/**
 * Concurrent scrapes, and scrapes after a failure.
 */
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import type { PooledBytes } from '../../src/metrics/buffer-pool.ts';
import { createListFamilies } from '../../src/metrics/families.ts';
import { createScrape, type Scrape, type ScrapeOptions } from '../../src/metrics/scrape.ts';
import { familyOptions } from '../support/exposition.ts';
import { snapshot } from '../support/snapshots.ts';
import { NOW } from '../support/tokens.ts';

/** A scrape of a node whose clock advances by a second with each snapshot. */
function ticking(overrides: Partial<ScrapeOptions> = {}): {
  readonly scrape: Scrape;
  readonly taken: () => number;
} {
  let taken = 0;
  const takeSnapshot = () => {
    taken += 1;
    return snapshot({ now: NOW + taken });
  };
  const listFamilies = createListFamilies(familyOptions());
  const scrape = createScrape({ takeSnapshot, listFamilies, exporterFamilies: async () => [], ...overrides });
  return { scrape, taken: () => taken };
}

function ageIn({ bytes: body }: PooledBytes): string | undefined {
  return /^satoken_age_seconds\{.*} (\S+)$/m.exec(body.toString())?.[1];
}

describe('scrape', () => {
  it('prints verdicts of the instant of the scrape', async () => {
    const { scrape } = ticking();
    assert.equal(ageIn(await scrape('text', 'identity')), '1');
    assert.equal(ageIn(await scrape('text', 'identity')), '2');
  });

  it('is shared by a hundred concurrent clients', async () => {
    const { scrape, taken } = ticking();
    const bodies = await Promise.all(Array.from({ length: 100 }, () => scrape('text', 'identity')));
    assert.equal(taken(), 1);
    assert.equal(new Set(bodies.map(({ bytes }) => bytes)).size, 1);
  });

  it('is shared by clients with and without compression', async () => {
    const { scrape, taken } = ticking();
    const [plain, first, second] = await Promise.all([
      scrape('text', 'identity'),
      scrape('text', 'gzip'),
      scrape('text', 'gzip'),
    ]);
    assert.equal(taken(), 1);
    assert.equal(first, second);
    assert.deepEqual(gunzipSync(first.bytes), plain.bytes);
  });

  it('is not shared between formats', async () => {
    const { scrape, taken } = ticking();
    const [text, openmetrics] = await Promise.all([
      scrape('text', 'identity'),
      scrape('openmetrics', 'identity'),
    ]);
    assert.equal(taken(), 2);
    assert.doesNotMatch(text.bytes.toString(), /# EOF/);
    assert.match(openmetrics.bytes.toString(), /# EOF\n$/);
  });

  it('fails for all clients that share it, and succeeds for the next one', async () => {
    let isBroken = true;
    const { scrape } = ticking({
      takeSnapshot: () => {
        if (isBroken) throw new Error('a bug');
        return snapshot();
      },
    });
    const answers = await Promise.allSettled([scrape('text', 'identity'), scrape('text', 'gzip')]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    isBroken = false;
    assert.ok((await scrape('text', 'gzip')).bytes.length > 0);
  });
});

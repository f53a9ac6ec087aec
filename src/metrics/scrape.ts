/**
 * One scrape: the snapshot of this instant and the metrics of the exporter, printed and compressed.
 *
 * Concurrent scrapes share the one that is running, so that a hundred of them cost as much as one.
 */
import { promisify } from 'node:util';
import type { Snapshot } from '../core/snapshot.ts';
import { createSingleFlight } from '../util/single-flight.ts';
import { createBufferPool, type PooledBytes, type SharedBytes, unpooled } from './buffer-pool.ts';
import { type Coding, compress } from './compress.ts';
import type { ListFamilies } from './families.ts';
import type { Family } from './metric.ts';
import { createPrint, type Format } from './text.ts';

export interface ScrapeOptions {
  readonly takeSnapshot: () => Snapshot;
  readonly listFamilies: ListFamilies;
  /** The metrics of the exporter itself. */
  readonly exporterFamilies: () => Promise<readonly Family[]>;
}

/** The caller releases the bytes when it no longer needs them. */
export type Scrape = (format: Format, coding: Coding) => Promise<PooledBytes>;

/** Resolves after the requests that have arrived are read. */
const nextTurn = promisify(setImmediate);

/** Calls with the same key share the promise of the call that is running. */
function shared<K, V>(make: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const { run } = createSingleFlight<K, V>();
  return (key) => run(key, () => make(key));
}

export function createScrape({ takeSnapshot, listFamilies, exporterFamilies }: ScrapeOptions): Scrape {
  const pool = createBufferPool();
  const printFamilies = createPrint();
  const print = shared(async (format: Format): Promise<SharedBytes> => {
    // Wait first, so that scrapes that have arrived share this one, and then print all token series of one instant.
    await nextTurn();
    const own = await exporterFamilies();
    const snapshot = takeSnapshot();
    // Each of the three steps takes a while on a node with thousands of tokens.
    await nextTurn();
    const families = [...listFamilies(snapshot), ...own];
    await nextTurn();
    return pool.fill((write) => printFamilies(families, format, write));
  });
  const printCompressed = shared(async (format: Format): Promise<PooledBytes> => {
    const { bytes, release } = (await print(format)).acquire();
    return unpooled(await compress(bytes).finally(release));
  });
  return async (format, coding) =>
    coding === 'gzip' ? printCompressed(format) : (await print(format)).acquire();
}

/**
 * One scrape: the snapshot of this instant and the exporter's own metrics, printed and compressed.
 *
 * Scrapes that come while one is under way share it, so that a hundred scrapers cost what one does.
 */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Snapshot } from '../core/snapshot.ts';
import { createSingleFlight } from '../util/single-flight.ts';
import { type Body, createBodies, type Shared } from './buffer-pool.ts';
import type { ListFamilies } from './families.ts';
import type { Family } from './metric.ts';
import { createPrint, type Format } from './text.ts';

export interface ScrapeOptions {
  readonly takeSnapshot: () => Snapshot;
  readonly listFamilies: ListFamilies;
  /** The exporter's own metrics. */
  readonly exporterFamilies: () => Promise<readonly Family[]>;
}

export type Coding = 'identity' | 'gzip';
/** Answers bytes that are the caller's until it releases them. */
export type Scrape = (format: Format, coding: Coding) => Promise<Body>;

/** Lets everything be read that has arrived. */
const turn = promisify(setImmediate);
const compress = promisify(gzip);
/** Metrics shrink twentyfold at the fastest level already. */
const GZIP = { level: constants.Z_BEST_SPEED };

/** Calls with the same key share the answer of the one that is under way. */
function shared<K, V>(make: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const { run } = createSingleFlight<K, V>();
  return (key) => run(key, () => make(key));
}

/** Bytes that nobody uses again, and so may be kept as long as one likes. */
function unshared(bytes: Buffer): Body {
  return { bytes, release: () => undefined };
}

export function createScrape({ takeSnapshot, listFamilies, exporterFamilies }: ScrapeOptions): Scrape {
  const bodies = createBodies();
  const printFamilies = createPrint();
  const print = shared(async (format: Format): Promise<Shared> => {
    // All waits come first, so that all token series are of one instant; this one lets in whoever is at the door.
    await turn();
    const own = await exporterFamilies();
    const families = [...listFamilies(takeSnapshot()), ...own];
    return bodies.make((write) => printFamilies(families, format, write));
  });
  const printCompressed = shared(async (format: Format): Promise<Body> => {
    const { bytes, release } = (await print(format)).borrow();
    return unshared(await compress(bytes, GZIP).finally(release));
  });
  return async (format, coding) =>
    coding === 'gzip' ? printCompressed(format) : (await print(format)).borrow();
}

/**
 * One scrape: the snapshot of this instant and the exporter's own metrics, printed.
 *
 * Scrapes that come at the same moment share one printing, so that a hundred scrapers cost what one does.
 */
import type { Snapshot } from '../core/snapshot.ts';
import type { Family, ListFamilies } from './families.ts';
import { type Format, printExposition } from './text.ts';

export interface ScrapeOptions {
  readonly takeSnapshot: () => Snapshot;
  readonly listFamilies: ListFamilies;
  readonly selfFamilies: () => Promise<readonly Family[]>;
}

export type Scrape = (format: Format) => Promise<Buffer>;

export function createScrape({ takeSnapshot, listFamilies, selfFamilies }: ScrapeOptions): Scrape {
  const underway = new Map<Format, Promise<Buffer>>();
  const print = async (format: Format): Promise<Buffer> => {
    // The one wait comes first, so that all token series are of one instant.
    const own = await selfFamilies();
    return Buffer.from(printExposition([...listFamilies(takeSnapshot()), ...own], format));
  };
  return (format) => {
    const shared = underway.get(format);
    if (shared !== undefined) return shared;
    const printing = print(format).finally(() => underway.delete(format));
    underway.set(format, printing);
    return printing;
  };
}

/**
 * Series with a scrape every two minutes, from those with a scrape every minute.
 */
import type { Series } from './promtool.ts';

const RUN = /^(?<first>_|-?[\d.e]+)(?:(?<step>[+-][\d.e]+))?x(?<count>\d+)$/;

/** The values of one part in the notation of promtool. */
function expanded(part: string): readonly string[] {
  const { first = '', step = '0', count = '0' } = RUN.exec(part)?.groups ?? {};
  if (first === '') return [part];
  if (first === '_') return Array<string>(Number(count)).fill('_');
  return Array.from({ length: Number(count) + 1 }, (_, index) =>
    String(Number(first) + index * Number(step)),
  );
}

/** A series that ends between two scrapes is stale at the next. */
function thinned(values: string): string {
  const all = values.split(' ').flatMap(expanded);
  return all
    .map((value, index) => {
      if (index % 2 === 1) return '_';
      return value === '_' && all[index - 1] === 'stale' ? 'stale' : value;
    })
    .join(' ');
}

export function everyTwoMinutes(series: Series): Series {
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [name, thinned(values)]));
}

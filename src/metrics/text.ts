/**
 * Prints families in the Prometheus text format or as OpenMetrics.
 *
 * Formats: prometheus.io/docs/instrumenting/exposition_formats and the OpenMetrics 1.0 specification.
 */
import { bytesOf, type Write } from './buffer-pool.ts';
import type { Family, Metric } from './metric.ts';

export const FORMATS = ['text', 'openmetrics'] as const;
export type Format = (typeof FORMATS)[number];

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** Formats a number as both formats require it. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function escapeHelp(help: string, format: Format): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
}

/** In OpenMetrics the name of a counter's family has no `_total`; the names of its samples do. */
function familyName({ name, type }: Metric, format: Format): string {
  return format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
}

/** Number of characters after which text is written out. Short strings are cheap to collect as garbage. */
const CHUNK_LENGTH = 8_192;

function printFamily({ metric, samples }: Family, format: Format, write: Write): void {
  const title = familyName(metric, format);
  const { name } = metric;
  let text = `# HELP ${title} ${escapeHelp(metric.help, format)}\n# TYPE ${title} ${metric.type}\n`;
  for (const { labels, value, suffix } of samples) {
    text += suffix === undefined ? name : name + suffix;
    text += labels === '' ? ` ${formatValue(value)}\n` : `{${labels}} ${formatValue(value)}\n`;
    if (text.length < CHUNK_LENGTH) continue;
    write(text);
    text = '';
  }
  write(text);
}

/** The text of a family when it was last printed. */
interface Cached {
  readonly cacheKey: object;
  readonly bytes: Buffer;
}

export type Print = (families: readonly Family[], format: Format, write: Write) => void;

/** Returns a function that prints families, in order, as one exposition, and caches those with a cache key. */
export function createPrint(): Print {
  const cache = new Map<string, Cached>();
  const printCached = (family: Family, cacheKey: object, format: Format): Buffer => {
    const key = `${format} ${family.metric.name}`;
    const cached = cache.get(key);
    if (cached?.cacheKey === cacheKey) return cached.bytes;
    const bytes = bytesOf((write) => printFamily(family, format, write));
    cache.set(key, { cacheKey, bytes });
    return bytes;
  };
  return (families, format, write) => {
    for (const family of families) {
      if (family.cacheKey === undefined) printFamily(family, format, write);
      else write(printCached(family, family.cacheKey, format));
    }
    if (format === 'openmetrics') write('# EOF\n');
  };
}

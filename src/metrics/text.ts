/**
 * Prints families in the Prometheus text format or as OpenMetrics.
 *
 * Formats: prometheus.io/docs/instrumenting/exposition_formats and the OpenMetrics 1.0 specification. Knows
 * nothing of what the families mean.
 */
import type { Write } from './buffer-pool.ts';
import type { Family, Metric } from './metric.ts';

export const FORMATS = ['text', 'openmetrics'] as const;
export type Format = (typeof FORMATS)[number];

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** A number as both formats spell it. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function escapeHelp(help: string, format: Format): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
}

/** OpenMetrics names a counter's family without `_total`, which its samples keep. */
function familyName({ name, type }: Metric, format: Format): string {
  return format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
}

/** Text goes out in pieces of about this many characters: short enough to be forgotten cheaply. */
const PIECE = 8_192;

function printFamily({ metric, samples }: Family, format: Format, write: Write): void {
  const title = familyName(metric, format);
  const { name } = metric;
  let text = `# HELP ${title} ${escapeHelp(metric.help, format)}\n# TYPE ${title} ${metric.type}\n`;
  for (const { labels, value, suffix } of samples) {
    text += suffix === undefined ? name : name + suffix;
    text += labels === '' ? ` ${formatValue(value)}\n` : `{${labels}} ${formatValue(value)}\n`;
    if (text.length < PIECE) continue;
    write(text);
    text = '';
  }
  write(text);
}

/** What a family came to when it was last printed. */
interface Printed {
  readonly basis: object;
  readonly bytes: Buffer;
}

/** A family's text in one piece, to be kept. */
function printWhole(family: Family, format: Format): Buffer {
  const pieces: string[] = [];
  printFamily(family, format, (piece) => void pieces.push(piece.toString()));
  return Buffer.from(pieces.join(''));
}

export type Print = (families: readonly Family[], format: Format, write: Write) => void;

/** Makes the function that prints families, in order, as one exposition. What has not changed is not printed again. */
export function createPrint(): Print {
  const kept = new Map<string, Printed>();
  const keep = (family: Family, basis: object, format: Format): Buffer => {
    const key = `${format} ${family.metric.name}`;
    const known = kept.get(key);
    if (known?.basis === basis) return known.bytes;
    const bytes = printWhole(family, format);
    kept.set(key, { basis, bytes });
    return bytes;
  };
  return (families, format, write) => {
    for (const family of families) {
      if (family.basis === undefined) printFamily(family, format, write);
      else write(keep(family, family.basis, format));
    }
    if (format === 'openmetrics') write('# EOF\n');
  };
}

/**
 * Prints families in the Prometheus text format or as OpenMetrics.
 *
 * Formats: prometheus.io/docs/instrumenting/exposition_formats and the OpenMetrics 1.0 specification. Knows
 * nothing of what the families mean.
 */
import type { Write } from './bodies.ts';
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
  let text = `# HELP ${title} ${escapeHelp(metric.help, format)}\n# TYPE ${title} ${metric.type}\n`;
  for (const { labels, value, suffix = '' } of samples) {
    const braces = labels === '' ? '' : `{${labels}}`;
    text += `${metric.name}${suffix}${braces} ${formatValue(value)}\n`;
    if (text.length < PIECE) continue;
    write(text);
    text = '';
  }
  write(text);
}

/** Prints families, in order, as one exposition. */
export function printExposition(families: readonly Family[], format: Format, write: Write): void {
  for (const family of families) printFamily(family, format, write);
  if (format === 'openmetrics') write('# EOF\n');
}

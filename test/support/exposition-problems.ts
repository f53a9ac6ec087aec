/**
 * Reads a complete exposition strictly, as a scraper would at its worst, and says what is wrong with it.
 */
import type { Format } from '../../src/metrics/text.ts';

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;
const SERIES = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: # \{.*)?$/s;
const COMMENT = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][\w:]*) /;

/** The labels of a series in alphabetic order; undefined if they are malformed. */
function labelsOf(text: string): readonly string[] | undefined {
  LABEL.lastIndex = 0;
  const labels: string[] = [];
  let end = 0;
  for (let found = LABEL.exec(text); found !== null; found = LABEL.exec(text)) {
    labels.push(`${found[1]}="${found[2]}"`);
    end = LABEL.lastIndex;
    if (end === text.length) break;
  }
  const names = new Set(labels.map((label) => label.slice(0, label.indexOf('='))));
  return end === text.length && names.size === labels.length ? labels.sort() : undefined;
}

/** What identifies a line among all others: a series by its labels, a comment by its kind and metric. */
function keyOf(line: string): string | undefined {
  const [, kind, metric] = COMMENT.exec(line) ?? [];
  if (kind !== undefined) return `# ${kind} ${metric}`;
  const [, name, labels = '', value] = SERIES.exec(line) ?? [];
  if (name === undefined || !(Number.isFinite(Number(value)) || /^(?:NaN|[+-]Inf)$/.test(`${value}`)))
    return undefined;
  const sorted = labelsOf(labels);
  return sorted && `${name}{${sorted.join(',')}}`;
}

/** One line for each malformed or repeated line; none for a valid exposition. */
export function expositionProblems(text: string, format: Format): readonly string[] {
  const end = format === 'openmetrics' ? '\n# EOF\n' : '\n';
  if (!text.endsWith(end)) return ['the exposition is cut off'];
  const seen = new Set<string>();
  return text
    .slice(0, -end.length)
    .split('\n')
    .flatMap((line) => {
      const key = keyOf(line);
      if (key === undefined) return [`malformed: ${line}`];
      if (seen.has(key)) return [`repeated: ${line}`];
      seen.add(key);
      return [];
    });
}

/**
 * Durations: the two notations that users write, Prometheus's (`1h30m`) and Go's (`1m30.5s`, `100ms`), and the one that
 * the exporter shows (`2d3h`).
 */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ns', 1e-6],
]);
const PART = /([\d.]+)(d|h|ms|m|s|us|µs|ns)/g;

/** As in Prometheus: whole numbers, from days to seconds, each unit at most once. */
const PROMETHEUS = /^(?=\d)(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?$/;
/** As in Go's time.ParseDuration, without a sign: units in any order, with fractions, and no days. */
const GO = /^(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s|us|µs|ns))+$/;

function sumOfParts(text: string): number {
  return text
    .matchAll(PART)
    .reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS.get(unit ?? '') ?? 0), 0);
}

/** Returns milliseconds, or undefined if the text is not such a duration. */
export function parsePrometheusDuration(text: string): number | undefined {
  return PROMETHEUS.test(text) ? sumOfParts(text) : undefined;
}

/** Returns milliseconds, or undefined if the text is not such a duration. */
export function parseGoDuration(text: string): number | undefined {
  return GO.test(text) ? sumOfParts(text) : undefined;
}

const SHOWN_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A duration in its two largest units: `2d3h`, `59m4s`, `0s`. Ignores the sign. */
export function formatDuration(seconds: number): string {
  let rest = Math.floor(Math.abs(seconds));
  const parts: string[] = [];
  for (const [unit, length] of SHOWN_UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join('') || '0s';
}

/** `3m2s ago`, `in 3m2s`. Both times are Unix seconds. */
export function formatRelative(now: number, instant: number): string {
  return instant <= now ? `${formatDuration(now - instant)} ago` : `in ${formatDuration(instant - now)}`;
}

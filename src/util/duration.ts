/**
 * Durations in the two notations that users write: Prometheus's (`1h30m`) and Go's (`1m30.5s`, `100ms`).
 *
 * Both functions return milliseconds, or undefined if the text is not such a duration.
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

export function parsePrometheusDuration(text: string): number | undefined {
  return PROMETHEUS.test(text) ? sumOfParts(text) : undefined;
}

export function parseGoDuration(text: string): number | undefined {
  return GO.test(text) ? sumOfParts(text) : undefined;
}

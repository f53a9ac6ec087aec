/**
 * How many requests a web configuration file lets in.
 */
import type { RateLimit } from '../../util/token-bucket.ts';
import type { Section } from './section.ts';
import * as read from './section.ts';

const UNIT_MS = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ns', 1e-6],
]);
const DURATION = /^(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s|us|µs|ns))+$/;

/** A duration as Go prints and parses them: `1m30s`, `100ms`. */
function milliseconds(duration: string): number | undefined {
  if (!DURATION.test(duration)) return undefined;
  const parts = [...duration.matchAll(/([\d.]+)(h|ms|m|s|us|µs|ns)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS.get(unit ?? '') ?? 0), 0);
}

/** Answers undefined for no limit, as exporter-toolkit does without an interval. */
export function readRateLimit(limit: Section): RateLimit | undefined {
  const burst = read.count(limit, 'burst') ?? 0;
  const interval = read.text(limit, 'interval');
  if (interval === undefined) return undefined;
  const intervalMs = milliseconds(interval);
  if (intervalMs === undefined) return read.problem(limit, 'interval', 'must be a duration like 100ms or 1s');
  if (intervalMs === 0) return undefined;
  if (burst === 0) return read.problem(limit, 'burst', 'must be at least 1, or nothing is ever answered');
  return { burst, intervalMs };
}

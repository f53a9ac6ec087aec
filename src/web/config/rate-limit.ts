/**
 * How many requests a web configuration file lets in.
 */
import { parseGoDuration } from '../../util/duration.ts';
import type { RateLimit } from '../../util/token-bucket.ts';
import type { Section } from './section.ts';
import * as read from './section.ts';

/** Answers undefined for no limit, as exporter-toolkit does without an interval. */
export function readRateLimit(limit: Section): RateLimit | undefined {
  const burst = read.count(limit, 'burst') ?? 0;
  const interval = read.text(limit, 'interval');
  if (interval === undefined) return undefined;
  const intervalMs = parseGoDuration(interval);
  if (intervalMs === undefined) return read.problem(limit, 'interval', 'must be a duration like 100ms or 1s');
  if (intervalMs === 0) return undefined;
  if (burst === 0) return read.problem(limit, 'burst', 'must be at least 1, or nothing is ever answered');
  return { burst, intervalMs };
}

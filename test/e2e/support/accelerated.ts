/**
 * Rules and routes that run faster.
 */
import assert from 'node:assert/strict';

/** The scrape interval that they are written for. */
const INTERVAL_MS = 60_000;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

function divided(duration: string, interval: number): string {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(duration) ?? [];
  const seconds = UNITS[unit];
  assert.ok(seconds !== undefined, duration);
  return `${Math.round((Number(count) * seconds * 1_000 * interval) / INTERVAL_MS)}ms`;
}

/** Divides the durations of timing keys and the ranges in expressions, for scrapes that are `interval` milliseconds apart. */
export function accelerated(yaml: string, interval: number): string {
  const keys = /\b(for|keep_firing_for|group_wait|group_interval|repeat_interval): (\w+)$/gm;
  return yaml
    .replace(keys, (_text, key: string, duration: string) => `${key}: ${divided(duration, interval)}`)
    .replace(/\bgroup_wait: .*$/gm, `group_wait: ${Math.round(1.5 * interval)}ms`)
    .replace(/\[(\d+[smh])\]/g, (_text, duration: string) => `[${divided(duration, interval)}]`)
    .replace(/ offset (\d+[smh])\b/g, (_text, duration: string) => ` offset ${divided(duration, interval)}`);
}

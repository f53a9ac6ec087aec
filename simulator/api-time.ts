/**
 * Times as the API server prints them: to the second, in UTC.
 */
export function apiTime(epochSeconds: number): string {
  return new Date(Math.floor(epochSeconds) * 1_000).toISOString().replace('.000Z', 'Z');
}

/** Epoch seconds of such a time. */
export function parseApiTime(text: string): number {
  return Date.parse(text) / 1_000;
}

/**
 * Timestamps in the format of the Kubernetes API: UTC, whole seconds.
 */
export function apiTime(epochSeconds: number): string {
  return new Date(Math.floor(epochSeconds) * 1_000).toISOString().replace('.000Z', 'Z');
}

/** Returns epoch seconds. */
export function parseApiTime(text: string): number {
  return Date.parse(text) / 1_000;
}

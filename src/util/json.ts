/**
 * Parsed JSON from outside: nothing is assumed about its shape.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Returns undefined unless the value is an object; arrays are not. */
export function object(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/**
 * The outcome of an operation that is expected to fail at times: a value or an error. Exceptions are for bugs.
 *
 * The simulator has a type of its own because it shares no code with `src/`.
 */
export type Result<T, E = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function err<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

/**
 * Checks passwords against bcrypt hashes, one at a time.
 *
 * bcrypt runs in WebAssembly: this process runs without V8's optimizing compiler, and JavaScript would take 700 ms at
 * cost 10 instead of 50. The module is loaded with the first check.
 */
import { promisify } from 'node:util';

export type VerifyPassword = (password: Uint8Array, hash: string) => Promise<boolean>;

/** bcrypt uses no more bytes of a password; Go and Apache ignore the rest as well. */
const MAX_BYTES = 72;

const turn = promisify(setImmediate);

/** `hash` has to be well-formed: `$2y$10$`, then 53 characters. Blocks the event loop while it computes. */
export async function verifyPassword(password: Uint8Array, hash: string): Promise<boolean> {
  const { default: bcrypt } = await import('hash-wasm/dist/bcrypt.umd.min.js');
  return password.length > 0 && bcrypt.bcryptVerify({ password: password.subarray(0, MAX_BYTES), hash });
}

/** Returns a function that runs one call at a time, in order, and lets pending events be handled before each. */
export function oneAtATime<A extends readonly unknown[], T>(
  work: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (...args) => {
    const call = last.then(() => turn()).then(() => work(...args));
    // The caller handles a rejection; the calls behind it proceed.
    last = call.then(undefined, () => undefined);
    return call;
  };
}

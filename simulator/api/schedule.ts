/**
 * Running something later. Passed in, so that a test's time can be its own.
 */

/** Answers how to call it off. */
export type Schedule = (seconds: number, run: () => void) => () => void;

/** By the machine's clock; keeps no process alive. */
export const realSchedule: Schedule = (seconds, run) => {
  const timer = setTimeout(run, seconds * 1_000).unref();
  return () => clearTimeout(timer);
};

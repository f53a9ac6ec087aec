/**
 * Delayed calls. Passed in as an argument, so that tests can use a clock of their own.
 */

/** Runs a function after some seconds. Returns a function that cancels the call. */
export type Schedule = (seconds: number, run: () => void) => () => void;

/** Uses the clock of the machine and does not keep the process alive. */
export const realSchedule: Schedule = (seconds, run) => {
  const timer = setTimeout(run, seconds * 1_000).unref();
  return () => clearTimeout(timer);
};

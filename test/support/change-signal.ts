/**
 * Waits for the next of any number of changes.
 */
export interface ChangeSignal {
  readonly notify: () => void;
  /** Resolves at the next `notify`. */
  readonly changed: () => Promise<void>;
}

export function createChangeSignal(): ChangeSignal {
  let next = Promise.withResolvers<void>();
  return {
    notify: () => {
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    changed: () => next.promise,
  };
}

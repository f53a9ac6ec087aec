/**
 * Coalesces the changes of all resources.
 */
import { type Clock, createAlarm } from '../../util/clock.ts';
import type { ApiServerCallbacks } from './health.ts';

/** Service accounts of the whole cluster are watched, so changes may be frequent. */
const COALESCE_MS = 250;
/** Until a change rings the alarm. */
const IDLE_MS = 3_600_000;

/**
 * Passes on the first change at once and further ones every COALESCE_MS at most. `onUpdate` is called for every change
 * and failure.
 */
export function coalesceChanges(callbacks: ApiServerCallbacks, clock: Clock, onUpdate: () => void) {
  const changed = createAlarm(clock);
  let isStopping = false;
  const coalesced: ApiServerCallbacks = {
    onChange: () => {
      onUpdate();
      changed.ring();
    },
    onFailure: (resource, failure) => {
      onUpdate();
      // A request that fails because the source stops is not a failure.
      if (!isStopping) callbacks.onFailure(resource, failure);
    },
    onRecovery: callbacks.onRecovery,
    onDropped: callbacks.onDropped,
    onError: callbacks.onError,
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    signal.addEventListener('abort', () => {
      isStopping = true;
    });
    while (!signal.aborted) {
      await changed.wait(IDLE_MS, signal);
      if (!signal.aborted) callbacks.onChange();
      await clock.sleep(COALESCE_MS, signal);
    }
  };
  return { callbacks: coalesced, run };
}

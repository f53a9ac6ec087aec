/**
 * Logs that the kubelet's pods directory cannot be listed, and when it can be again.
 */
import { isPodsDirectory } from '../core/observation.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Log } from '../util/log.ts';

/** Returns a function to be called with each snapshot. It logs changes only. */
export function createPodsDirectoryLog(
  log: Pick<Log, 'info' | 'warn'>,
): (of: Pick<Snapshot, 'observation'>) => void {
  let logged: string | undefined;
  return ({ observation: { unreadable } }) => {
    const failure = unreadable.find(isPodsDirectory);
    if (failure?.reason === logged) return;
    logged = failure?.reason;
    if (failure === undefined) log.info('the pods directory is listed again');
    else log.warn('cannot list the pods', { reason: failure.reason, detail: failure.detail });
  };
}

/**
 * Logs that the pods which the API server lists do not match this node, and when they are again.
 */
import type { Snapshot } from '../core/snapshot.ts';
import { describeWrongNode } from '../core/wrong-node.ts';
import type { Log } from '../util/log.ts';

/** Returns a function to be called with each snapshot. It logs changes only. */
export function createWrongNodeLog(
  log: Pick<Log, 'info' | 'warn'>,
): (of: Pick<Snapshot, 'wrongNode'>) => void {
  let logged: string | undefined;
  return ({ wrongNode }) => {
    const problem = wrongNode && describeWrongNode(wrongNode);
    if (problem === logged) return;
    logged = problem;
    if (problem === undefined) log.info('the API server lists the pods of this node again');
    else log.warn('pods from the API server not used', { problem });
  };
}

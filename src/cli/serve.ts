/**
 * `serve`: logs what the process may do, then serves metrics until it is stopped.
 */
import { serve } from '../app/serve.ts';
import { warnOfExcessPrivileges } from '../runtime/privileges.ts';
import type { Run } from './command.ts';

export const run: Run = async (context) => {
  const { config, build, log, isLockedDown, stopSignal, complain } = context;
  // Before the first line of the log: who reads it may stop the process at once.
  const signal = stopSignal();
  log.info('starting', { version: build.version, locked_down: isLockedDown });
  warnOfExcessPrivileges(config.rootDir, log);
  return complain(await serve({ ...context, signal }));
};

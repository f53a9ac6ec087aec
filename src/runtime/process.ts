/**
 * The parts of Node's `process` that this folder uses; only `main.ts` passes the real one.
 */
import type { Permission } from './permission-model.ts';

export interface NodeProcess
  extends Pick<
    NodeJS.Process,
    'allowedNodeEnvironmentFlags' | 'argv' | 'env' | 'execArgv' | 'execPath' | 'execve'
  > {
  /** Undefined if Node was started without its permission model. */
  readonly permission: Permission | undefined;
}

/**
 * The table of commands, each imported when it runs. Their names and help are in config/load.ts.
 */
import type { CommandName } from '../config/load.ts';
import type { Run } from './command.ts';

export const COMMAND_FILES: Readonly<Record<CommandName, () => Promise<{ readonly run: Run }>>> = {
  serve: () => import('./serve.ts'),
  scan: () => import('./scan.ts'),
  explain: () => import('./explain.ts'),
  demo: () => import('./demo.ts'),
};

/**
 * Who reads its token: what several of its panels share.
 */
import { BY_TOKEN, ON_TOKENS } from '../parts/promql.ts';

export const NOT_WATCHED = 'Not watched: needs --reads.watch';
/** Empty tables: nothing was found, or nothing was looked for. */
export const NONE_OR_NOT_WATCHED =
  'None, or not exported: needs --reads.watch, and --metrics.per-token=problems or all';

/** Tokens of workloads that may hold an old copy, and those of which no read was observed. */
export const NOT_REREAD = `satoken_problem{${ON_TOKENS}, reason="not_reread"}`;
export const UNREAD = `satoken_problem{${ON_TOKENS}, reason="unread"}`;

const LAST_READ = `max by (${BY_TOKEN}) (satoken_last_read_timestamp_seconds{${ON_TOKENS}})`;
export const SINCE_READ = `time() - ${LAST_READ}`;

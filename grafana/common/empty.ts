/**
 * Messages of empty panels that depend on `--metrics.per-token`.
 */
export const NEEDS_ALL = 'Not exported: needs --metrics.per-token=all';
export const NONE_FAILS = 'No token fails a check (or --metrics.per-token=none)';
export const NEEDS_PROBLEMS = 'Not exported: needs --metrics.per-token=problems or all';

/**
 * What is said where there is no series, by what a panel needs of `--metrics.per-token`.
 */
export const NEEDS_ALL = 'Not exported: needs --metrics.per-token=all';
export const NONE_FAILS = 'No token fails a check (or --metrics.per-token=none)';

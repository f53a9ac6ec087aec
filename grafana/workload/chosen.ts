/**
 * Workload: what its variables choose.
 */
import { IN_CLUSTER } from '../parts/promql.ts';

/** Tokens that are there, and those that are missing. */
export const NAMED = '__name__=~"satoken_info|satoken_problem"';

export const ACCOUNTS = `${IN_CLUSTER}, namespace="$namespace"`;
export const PODS = `${ACCOUNTS}, serviceaccount=~"$serviceaccount"`;
export const TOKENS = `${PODS}, pod=~"$pod"`;

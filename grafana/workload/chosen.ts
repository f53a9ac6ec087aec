/**
 * Workload: the selection of its variables.
 */
import { IN_CLUSTER } from '../parts/promql.ts';

/** Existing and missing tokens. */
export const NAMED = '__name__=~"satoken_info|satoken_problem"';

export const ACCOUNTS = `${IN_CLUSTER}, namespace="$namespace"`;
export const PODS = `${ACCOUNTS}, serviceaccount=~"$serviceaccount"`;
export const TOKENS = `${PODS}, pod=~"$pod"`;

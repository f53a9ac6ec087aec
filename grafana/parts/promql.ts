/**
 * PromQL that several panels share: what is chosen, what names a thing, and sums that need a word of explanation.
 *
 * Every matcher on `cluster` holds for series without that label too. Knows no panel.
 */
import { CHECKS, POD_CHECKS } from '../../src/core/checks/index.ts';
import { TOKEN_LABELS } from '../../src/metrics/labels.ts';

/** What the variables choose. Series of a node may carry the namespace of the exporter's pod: never match on it there. */
export const IN_CLUSTER = 'cluster=~"$cluster"';
export const ON_NODES = `${IN_CLUSTER}, node=~"$node"`;
export const ON_NODE = `${IN_CLUSTER}, node="$node"`;
export const ON_TOKENS = `${ON_NODES}, namespace=~"$namespace"`;

/** What names a thing, for `by` and `on`; labels of the exporter's own pod are never among them. */
export const BY_NODE = 'cluster, node';
export const BY_ACCOUNT = 'cluster, namespace, serviceaccount';
export const BY_TOKEN = ['cluster', ...TOKEN_LABELS].join(', ');
const BY_TARGET = 'cluster, job, instance';

const critical = [...CHECKS, ...POD_CHECKS].filter(({ severity }) => severity === 'critical');

/** Matchers of what a workload fails by, and of what is only late. */
export const CRITICAL = `reason=~"${[...new Set(critical.map(({ reason }) => reason))].join('|')}"`;
export const REFUSED = 'state=~"expired|not_yet_valid"';
export const LATE = 'state=~"overdue|stale"';

/** Until the API server refuses the token; below 0 once it does. */
export function timeLeft(tokens: string): string {
  return `(satoken_expiration_timestamp_seconds{${tokens}} - time())`;
}

export function failing(tokens: string, reasons?: string): string {
  const matchers = reasons === undefined ? tokens : `${tokens}, ${reasons}`;
  return `max by (${BY_TOKEN}, reason) (satoken_problem{${matchers}})`;
}

/** For how many of the last six hours, in seconds and to the minute, what is there now has been there. */
export function timeThere(expr: string): string {
  return `count_over_time((${expr})[6h:1m]) * 60 and (${expr})\nor (${expr}) * 0`;
}

/** Nothing at all where some nodes export some tokens only: a forecast from those that fail would be none. */
export function ifComplete(expr: string, nodes: string): string {
  return `${expr}\nunless on () (count(satoken_info{${nodes}}) < sum(satoken_tokens{${nodes}}))`;
}

/** Counts of the exporter's own target, which knows no node, with the node's name. */
export function withNode(expr: string, nodes: string): string {
  return `${expr}\n* on (${BY_TARGET}) group_left (node) group by (${BY_TARGET}, node) (satoken_watches{${nodes}})`;
}

function timeOf(instant: string, tokens: string): string {
  return `max by (${BY_TOKEN}) (satoken_${instant}_timestamp_seconds{${tokens}})`;
}

/** In seconds from now: negative once past. */
export function timeUntil(instant: string, tokens: string): string {
  return `${timeOf(instant, tokens)} - time()`;
}

export function timeSince(instant: string, tokens: string): string {
  return `time() - ${timeOf(instant, tokens)}`;
}

/** How many of its times a token has outlived: refresh, lifetime, expiration; -1 before it begins. */
export function timesOutlived(tokens: string): string {
  const outlived = ['refresh_due', 'nominal_expiration', 'expiration'].map((instant) => {
    return `(${timeOf(instant, tokens)} <= bool time())`;
  });
  return `${outlived.join('\n+ ')}\n- (${timeOf('issued', tokens)} > bool time() + 60)`;
}

export function lagQuantile(quantile: number, nodes: string): string {
  const buckets = `rate(satoken_rotation_lag_seconds_bucket{${nodes}}[$__rate_interval])`;
  return `histogram_quantile(${quantile}, sum by (le) (${buckets}))`;
}

/** How often each value of a label is counted up. */
export function rateBy(label: string, counter: string, nodes: string): string {
  return `sum by (${label}) (rate(${counter}{${nodes}}[$__rate_interval])) > 0`;
}

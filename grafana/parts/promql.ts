/**
 * PromQL that several panels share.
 *
 * Every matcher on `cluster` also matches series without that label.
 */
import { TOKEN_LABELS } from '../../src/metrics/labels.ts';

/** The selection of the variables. Series of a node can have the namespace of the exporter's pod: do not match it there. */
export const IN_CLUSTER = 'cluster=~"$cluster"';
export const ON_NODES = `${IN_CLUSTER}, node=~"$node"`;
export const ON_NODE = `${IN_CLUSTER}, node="$node"`;
export const ON_TOKENS = `${ON_NODES}, namespace=~"$namespace"`;

/** Labels that identify an object, for `by` and `on`; never those of the exporter's pod. */
export const BY_NODE = 'cluster, node';
export const BY_NAMESPACE = 'cluster, namespace';
export const BY_ACCOUNT = 'cluster, namespace, serviceaccount';
export const BY_TOKEN = ['cluster', ...TOKEN_LABELS].join(', ');
export const BY_TARGET = 'cluster, job, instance';

/** Matchers for problems that break a workload, and for tokens that are only overdue. */
export const CRITICAL = 'severity="critical"';
export const REJECTED = 'state=~"expired|not_yet_valid"';
export const OVERDUE = 'state=~"overdue|stale"';

/** Time until the token expires; negative afterward. */
export function timeLeft(tokens: string): string {
  return `(satoken_expiration_timestamp_seconds{${tokens}} - time())`;
}

/** One series for each problem of each token. */
export function failing(tokens: string): string {
  return `max by (${BY_TOKEN}, reason, severity) (satoken_problem{${tokens}})`;
}

/** The token in the file is not the one that a container sees: when that one expires is not known. */
function unseen(tokens: string): string {
  return `satoken_problem{${tokens}, reason="container_view_stale"}`;
}

/** Time until the token that the workload has expires; 0 afterward. */
export function timeUntilRejected(tokens: string): string {
  const left = `clamp_min(max by (${BY_TOKEN}) (satoken_expiration_timestamp_seconds{${tokens}}) - time(), 0)`;
  return `${left}\nunless on (${BY_TOKEN}) ${unseen(tokens)}`;
}

/** Time until the tokens with some problems expire, of those that have not. */
export function timeUntilRejection(tokens: string, problems: string): string {
  const works = `${timeLeft(tokens)} > 0 and on (${BY_TOKEN}) satoken_problem{${tokens}, ${problems}}`;
  return `${works} unless on (${BY_TOKEN}) ${unseen(tokens)}`;
}

/** How long the longest-lasting problem has lasted, by some labels. */
export function failingFor(labels: string, tokens: string): string {
  return `time() - min by (${labels}) (satoken_problem_start_timestamp_seconds{${tokens}})`;
}

/** Adds the reason as a label that becomes the link to the runbook. */
export function asRunbook(expr: string): string {
  return `label_replace(${expr},\n"runbook", "$1", "reason", "(.*)")`;
}

/** Empty if some nodes export only some tokens: a forecast from failing tokens would be wrong. */
export function ifComplete(expr: string, nodes: string): string {
  const projected = `${nodes}, kind="projected"`;
  return `${expr}\nunless on () (count(satoken_info{${projected}}) < sum(satoken_tokens{${projected}}))`;
}

/** Of the metrics of the scrape target, which lack the node label, those of the selected nodes. */
export function onNodes(expr: string, nodes: string): string {
  return `${expr}\nand on (${BY_TARGET}) satoken_watches{${nodes}}`;
}

function timeOf(instant: string, tokens: string): string {
  return `max by (${BY_TOKEN}) (satoken_${instant}_timestamp_seconds{${tokens}})`;
}

export function timeSince(instant: string, tokens: string): string {
  return `time() - ${timeOf(instant, tokens)}`;
}

/** Seconds as minutes, for a graph. */
export function inMinutes(expr: string): string {
  return `(${expr}) / 60`;
}

/** How many times of a token have passed: refresh due, nominal expiration, expiration; -1 before its start. */
export function passedTimes(tokens: string): string {
  const passed = ['refresh_due', 'nominal_expiration', 'expiration'].map((instant) => {
    return `(${timeOf(instant, tokens)} <= bool time())`;
  });
  return `${passed.join('\n+ ')}\n- (${timeOf('issued', tokens)} > bool time() + 60)`;
}

/** The tokens that expire first, of those at the end of the time range: the same ones for every point of a graph. */
export function firstToExpire(count: number, tokens: string): string {
  return `bottomk(${count}, max by (${BY_TOKEN}) (satoken_expiration_timestamp_seconds{${tokens}} @ end()))`;
}

export function lagQuantile(quantile: number, nodes: string): string {
  const buckets = `rate(satoken_rotation_lag_seconds_bucket{${nodes}}[$__rate_interval])`;
  // Without rotations it is NaN.
  return `histogram_quantile(${quantile}, sum by (le) (${buckets})) >= 0`;
}

/** The rate of a counter per hour, by a label: events of this kind are rare. */
export function perHourBy(label: string, counter: string, nodes: string): string {
  return `sum by (${label}) (rate(${counter}{${nodes}}[$__rate_interval])) * 3600 > 0`;
}

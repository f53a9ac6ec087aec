/**
 * Templates for the details at the end of descriptions: why, since when, for how much longer, and the command that
 * shows more. They run queries; without results their text is left out, and no alert depends on them.
 */
import type { Reason } from '../src/core/checks/index.ts';
import { BY, CAUSES_OF_NODE, HELD, HELD_INFO } from './rule.ts';

const { cluster } = BY;

/** A token by the labels of its series; the numbers are those of the parameters. */
const ONE_TOKEN = `${cluster}=%[1]q,node=%[2]q,pod_uid=%[3]q,volume=%[4]q,path=%[5]q`;
const OF_TOKEN = `$labels.${cluster} $labels.node $labels.pod_uid $labels.volume $labels.path $labels.reason`;

function labeled(expr: string, is: string): string {
  return `label_replace(${expr}, "is", "${is}", "", "")`;
}

/** The whole seconds since the problem began, or since the exporter first saw it. */
export const SEEN_QUERY = `floor(time() - max(satoken_problem_start_timestamp_seconds{${ONE_TOKEN},reason=%[6]q}))`;

/** The cause, the seconds until the token is rejected, and the seconds since the problem began. */
export const TIMES_QUERY = [
  `max by (cause) (satoken_overdue_info{${ONE_TOKEN}})`,
  labeled(`floor(max(satoken_expiration_timestamp_seconds{${ONE_TOKEN}}) - time()) > 0`, 'left'),
  labeled(SEEN_QUERY, 'since'),
].join(' or ');

const ONE_ACCOUNT = `${cluster}=%[1]q,reason=%[2]q,namespace=%[3]q,serviceaccount=%[4]q`;

/** The seconds since the first problem was seen. */
function firstSeen(matchers: string): string {
  return `floor(time() - min(satoken_problem_start_timestamp_seconds{${matchers}}))`;
}

export const ACCOUNT_SEEN_QUERY = firstSeen(ONE_ACCOUNT);
export const CLUSTER_SEEN_QUERY = firstSeen(`${cluster}=%[1]q,reason=%[2]q`);

/**
 * Without those that lack the label. Prometheus would look up `pod!=""` among the series of all pods, again for each alert.
 */
function withPod(selector: string): string {
  return `${selector} unless on (pod) vector(0)`;
}

/** The pods of the account. */
export const PODS_QUERY = `max by (node, namespace, pod) (${withPod(`${HELD}{${ONE_ACCOUNT}}`)})`;
export const INFO_PODS_QUERY = `max by (node, namespace, pod) (${withPod(`${HELD_INFO}{${ONE_ACCOUNT}}`)})`;

/** The seconds until the first of these tokens that is overdue is rejected; `labels` tell them apart. */
function firstRejected(matchers: string, labels: string): string {
  return `floor(min(satoken_expiration_timestamp_seconds{${matchers}} and on (${labels}) satoken_overdue_info{${matchers}}) - time()) > 0`;
}

/** Of the tokens of the node. */
export const FIRST_QUERY = firstRejected(`${cluster}=%[1]q,node=%[2]q`, 'pod_uid, volume, path');

/** The exporter's pod, from the labels of its target. */
export const EXPORTER_QUERY = `max by (namespace, pod) (${withPod(`satoken_exporter_build_info{${cluster}=%q,node=%q}`)})`;

/** Accounts with a container that may hold an old copy of its token. */
export const HOLDERS_QUERY = `topk(5, count by (namespace, serviceaccount) (satoken_problem{${cluster}=%q,reason=~"not_reread|subpath_frozen|container_view_stale"}))`;

function queried(query: string, parameters: string): string {
  return `query (printf ${JSON.stringify(query)} ${parameters})`;
}

const ONE_WORKLOAD = `${cluster}=%[1]q,namespace=%[2]q,serviceaccount=%[3]q,volume=%[4]q`;

/** The causes of the overdue tokens of a workload, the seconds until the first is rejected, and since the first was overdue. */
export const WORKLOAD_QUERY = [
  `max by (cause) (satoken_overdue_info{${ONE_WORKLOAD}})`,
  labeled(firstRejected(ONE_WORKLOAD, 'node, pod_uid, path'), 'left'),
  labeled(firstSeen(`${ONE_WORKLOAD},reason="rotation_overdue"`), 'since'),
].join(' or ');

const DURATION = '{{ .Value | humanizeDuration }}';

/** The exporter's pod on that node, as arguments of kubectl. */
function exporterOn(node: string): string {
  const found = queried(EXPORTER_QUERY, `$labels.${cluster} ${node}`);
  return `{{ with ${found} }}{{ with first . }}-n {{ .Labels.namespace }} {{ .Labels.pod }}{{ end }}{{ else }}-n sa-token-exporter EXPORTER{{ end }}`;
}

/** The command, in the exporter on that node. */
function command(node: string, args: string): string {
  return `Details: kubectl exec ${exporterOn(node)} -- sa-token-exporter ${args}`;
}

/** The results of a query for the cause and both times, as sentences. */
function times(query: string, parameters: string, left: string): string {
  return `{{ range ${queried(query, parameters)} | sortByLabel "is" }}{{ if eq .Labels.is "left" }} ${left} in ${DURATION}.{{ else if eq .Labels.is "since" }} Began ${DURATION} ago.{{ else }} Cause: {{ .Labels.cause }}.{{ end }}{{ end }}`;
}

/** For problems that follow from the claims of a token. The node's causes stand in if it has no series of tokens. */
export const TIMES = `{{ if $labels.pod_uid }}${times(TIMES_QUERY, OF_TOKEN, 'Rejected')}{{ else }}${CAUSES_OF_NODE}{{ end }}`;

function ago(verb: string, query: string, parameters: string): string {
  return `{{ range ${queried(query, parameters)} }} ${verb} ${DURATION} ago.{{ end }}`;
}

function seen(query: string, parameters: string): string {
  return ago('First seen', query, parameters);
}

/** For problems whose begin is known, if the expiration of the token on the node says nothing about the container's copy. */
export const BEGAN = ago('Began', SEEN_QUERY, OF_TOKEN);

/** For problems that begin when the exporter sees them. */
export const FIRST_SEEN = seen(SEEN_QUERY, OF_TOKEN);

export const EXPLAIN = ` ${command('$labels.node', '{{ if $labels.pod_uid }}explain {{ $labels.namespace }}/{{ or $labels.pod $labels.pod_uid }}{{ else }}scan{{ end }}')}`;

function accountParameters(reason: Reason): string {
  return `$labels.${cluster} "${reason}" $labels.namespace $labels.serviceaccount`;
}

export function seenInAccount(reason: Reason): string {
  return seen(ACCOUNT_SEEN_QUERY, accountParameters(reason));
}

export function seenInCluster(reason: Reason): string {
  return seen(CLUSTER_SEEN_QUERY, `$labels.${cluster} "${reason}"`);
}

/** The text for the first of the pods of an account or a workload. */
function ofFirst(text: string, reason: Reason, query: string): string {
  const found = `sortByLabel "pod" (${queried(query, accountParameters(reason))})`;
  return `{{ with ${found} }}{{ with first . }} ${text}{{ end }}{{ end }}`;
}

/** For alerts on accounts and workloads: explains the first of the pods. */
export function explainFirst(reason: Reason, query = PODS_QUERY): string {
  return ofFirst(command('.Labels.node', 'explain {{ .Labels.namespace }}/{{ .Labels.pod }}'), reason, query);
}

/** For habits of reading: only the status page has them. */
export function pageOfFirst(reason: Reason, query = PODS_QUERY): string {
  const page = `Details: kubectl port-forward ${exporterOn('.Labels.node')} 9894, then http://localhost:9894/?q={{ .Labels.pod }}`;
  return ofFirst(page, reason, query);
}

export const FIRST_REJECTED = `{{ range ${queried(FIRST_QUERY, `$labels.${cluster} $labels.node`)} }} The first is rejected in ${DURATION}.{{ end }}`;

const OF_WORKLOAD = `$labels.${cluster} $labels.namespace $labels.serviceaccount $labels.volume`;

export const WORKLOAD_TIMES = `{{ if $labels.serviceaccount }}${times(WORKLOAD_QUERY, OF_WORKLOAD, 'The first is rejected')}{{ end }}`;

/** For the use of old tokens, which the API server counts without saying whose they are. */
export const HOLDERS = `{{ with ${queried(HOLDERS_QUERY, `$labels.${cluster}`)} | sortByLabel "serviceaccount" }} Accounts that may hold one:{{ range $index, $found := . }}{{ if $index }},{{ end }} {{ .Labels.namespace }}/{{ .Labels.serviceaccount }}{{ end }}.{{ end }}`;

export const SCAN = ` ${command('$labels.node', 'scan')}`;

/**
 * Table of the metrics of the node as a whole: counts, and the state of the sources.
 *
 * Without data from the API server, or if the exporter does not know its own pod, the metrics that need it have no
 * series.
 */
import type { Assessment } from '../core/assessment.ts';
import { SEVERITY_ROWS } from '../core/checks/index.ts';
import { UNKNOWN_NAME } from '../core/identity.ts';
import { keysInUse } from '../core/keys-in-use.ts';
import { isLateReason } from '../core/problems/late-reasons.ts';
import { isOnSchedule } from '../core/rotation.ts';
import { findCanary, runSelfChecks } from '../core/self-check.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { labelText } from './labels.ts';
import type { Metric, Sample } from './metric.ts';

export interface NodeRow extends Metric {
  /** `node` is the text of that label, which comes first in every series. */
  readonly samples: (snapshot: Snapshot, node: string) => readonly Sample[];
}

/** One series: all labels of the row but `node`, and the value. */
interface NodeSample<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

function gauge<const Label extends string = never>({
  name,
  help,
  labels: names = [],
  samples,
}: {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
  readonly samples: (snapshot: Snapshot) => readonly NodeSample<NoInfer<Label>>[];
}): NodeRow {
  const textOf = (labels: Readonly<Record<Label, string>>): string =>
    labelText(Object.fromEntries(names.map((label) => [label, labels[label]])));
  return {
    name,
    help,
    type: 'gauge',
    labels: ['node', ...names],
    samples: (snapshot, node) =>
      samples(snapshot).map(({ labels, value }) => ({
        labels: names.length === 0 ? node : `${node},${textOf(labels)}`,
        value,
      })),
  };
}

/** The only series of a row without labels; no series if the value is undefined. */
function single(value: number | undefined): readonly NodeSample<never>[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}

/** One series for each entry, by one label. */
function each<Label extends string>(
  label: Label,
  values: Iterable<readonly [string, number | boolean]>,
): readonly NodeSample<Label>[] {
  return Array.from(values, ([text, value]) => ({
    labels: { [label]: text } as Record<Label, string>,
    value: Number(value),
  }));
}

/** One series for each object and reason, even if it failed with several details. */
function unreadable({ observation, podNames }: Snapshot) {
  const series = observation.unreadable.map(({ podUid, volume, path, reason }) => ({
    ...(podNames.get(podUid) ?? UNKNOWN_NAME),
    pod_uid: podUid,
    volume,
    path,
    reason,
  }));
  const distinct = new Map(series.map((labels) => [Object.values(labels).join('\0'), labels]));
  return Array.from(distinct.values(), (labels) => ({ labels, value: 1 }));
}

const PUBLISHED = new Map([
  [true, 'yes'],
  [false, 'no'],
  [undefined, 'unknown'],
]);

function keys({ observation, cluster }: Snapshot) {
  return keysInUse(observation.tokens, cluster.authority);
}

/** A value of the canary token, which is undefined if it does not exist. No series if the exporter does not know its pod. */
function canary(value: (found: Assessment | undefined) => number | undefined) {
  return ({ assessments, self }: Snapshot) =>
    single(self === undefined ? undefined : value(findCanary(assessments, self)));
}

export const NODE_METRICS: readonly NodeRow[] = [
  gauge({
    name: 'satoken_tokens',
    help: 'Number of tokens on the node, by kind and origin.',
    labels: ['kind', 'origin'],
    samples: ({ byOrigin }) =>
      [...byOrigin].flatMap(([kind, origins]) =>
        Array.from(origins, ([origin, value]) => ({ labels: { kind, origin }, value })),
      ),
  }),
  gauge({
    name: 'satoken_tokens_without_series',
    help: 'Number of tokens that have no series of their own, because the node exceeds a limit.',
    samples: ({ withoutSeries }) => single(withoutSeries),
  }),
  gauge({
    name: 'satoken_token_state',
    help: 'Number of tokens on the node, by lifecycle state.',
    labels: ['state'],
    samples: ({ byState }) => each('state', byState),
  }),
  gauge({
    name: 'satoken_problems',
    help: 'Number of tokens that fail a check or are missing, by reason and severity.',
    labels: ['reason', 'severity'],
    samples: ({ bySeverity }) =>
      SEVERITY_ROWS.map(({ reason, severity }) => ({
        labels: { reason, severity },
        value: bySeverity.get(reason)?.get(severity) ?? 0,
      })),
  }),
  gauge({
    name: 'satoken_account_problems',
    help: 'Number of late tokens whose service account is missing or was recreated, by reason and severity.',
    labels: ['reason', 'severity'],
    samples: ({ accountProblems }) =>
      SEVERITY_ROWS.flatMap(({ reason, severity }) =>
        isLateReason(reason)
          ? [{ labels: { reason, severity }, value: accountProblems.get(reason)?.get(severity) ?? 0 }]
          : [],
      ),
  }),
  gauge({
    name: 'satoken_failing_tokens',
    help: 'Number of tokens that fail a check or are missing, by their worst severity.',
    labels: ['severity'],
    samples: ({ failing }) => each('severity', failing),
  }),
  gauge({
    name: 'satoken_check_unknown',
    help: 'Number of tokens for which a check has no verdict because data is missing, by reason.',
    labels: ['reason'],
    samples: ({ unknowns }) => each('reason', unknowns),
  }),
  gauge({
    name: 'satoken_unreadable',
    help: '1 for each object that could not be read, by reason; absent otherwise.',
    labels: ['namespace', 'pod', 'pod_uid', 'volume', 'path', 'reason'],
    samples: unreadable,
  }),
  gauge({
    name: 'satoken_last_scan_timestamp_seconds',
    help: 'Unix time at which the last full scan of the node ended.',
    samples: ({ observation }) => single(observation.scannedAt),
  }),
  gauge({
    name: 'satoken_scan_duration_seconds',
    help: 'Seconds that the last full scan of the node took.',
    samples: ({ observation }) => single(observation.scanSeconds),
  }),
  gauge({
    name: 'satoken_watches',
    help: 'Number of directories watched with inotify. Changes in others are found by the next scan.',
    samples: ({ observation }) => single(observation.watches),
  }),
  gauge({
    name: 'satoken_reads_watches',
    help: 'Number of directories in which opens of tokens are watched; absent without --reads.watch.',
    samples: ({ reads }) => single(reads?.watches),
  }),
  gauge({
    name: 'satoken_reads_unwatched',
    help: 'Number of directories in which they are not, because a limit was reached; absent without --reads.watch.',
    samples: ({ reads }) => single(reads?.unwatched),
  }),
  gauge({
    name: 'satoken_kubelet_last_sync_timestamp_seconds',
    help: 'Unix time at which the kubelet last compared a volume that holds a token; absent without --reads.watch.',
    samples: ({ reads }) => single(reads && reads.watches > 0 ? reads.lastVisitAt : undefined),
  }),
  gauge({
    name: 'satoken_source_up',
    help: '1 if the last run of the source succeeded, 0 if it failed or no run has ended yet.',
    labels: ['source'],
    samples: ({ runs }) =>
      Array.from(runs, ([source, run]) => ({ labels: { source }, value: Number(run?.isSuccess === true) })),
  }),
  gauge({
    name: 'satoken_source_duration_seconds',
    help: 'Seconds that the last run of the source took.',
    labels: ['source'],
    samples: ({ runs }) =>
      [...runs].flatMap(([source, run]) =>
        run === undefined ? [] : [{ labels: { source }, value: run.seconds }],
      ),
  }),
  gauge({
    name: 'satoken_overdue_cause',
    help: 'Number of tokens that the kubelet has not rotated in time, or never will, by cause.',
    labels: ['cause'],
    samples: ({ byCause }) => each('cause', byCause),
  }),
  gauge({
    name: 'satoken_tokens_by_key',
    help: 'Number of tokens on the node, by signing key and whether the API server publishes it.',
    labels: ['issuer', 'key_id', 'published'],
    samples: (snapshot) =>
      keys(snapshot).map(({ issuer, keyId, isPublished, tokens }) => ({
        labels: { issuer, key_id: keyId, published: PUBLISHED.get(isPublished) ?? '' },
        value: tokens,
      })),
  }),
  gauge({
    name: 'satoken_key_last_expiration_timestamp_seconds',
    help: "Latest expiration among the node's tokens signed with this key; +Inf if any never expires.",
    labels: ['issuer', 'key_id'],
    samples: (snapshot) =>
      keys(snapshot).map(({ issuer, keyId, lastExpiration }) => ({
        labels: { issuer, key_id: keyId },
        value: lastExpiration,
      })),
  }),
  gauge({
    name: 'satoken_token_reads',
    help: 'Number of tokens by how their workloads were seen to read them; absent unless reads are watched.',
    labels: ['habit'],
    samples: ({ byHabit }) => each('habit', byHabit ?? []),
  }),
  gauge({
    name: 'satoken_pods_without_token',
    help: 'Number of pods on the node that request no token, by reason.',
    labels: ['reason'],
    samples: ({ tokenless }) => each('reason', tokenless),
  }),
  gauge({
    name: 'satoken_self_view',
    help: '1 if the exporter sees its own tokens correctly, by check.',
    labels: ['check'],
    samples: ({ observation, self }) => each('check', runSelfChecks(observation, self)),
  }),
  gauge({
    name: 'satoken_canary_issued_timestamp_seconds',
    help: 'Unix time at which the canary token was issued.',
    samples: canary((found) => found?.token.claims.issuedAt),
  }),
  gauge({
    name: 'satoken_canary_refresh_due_timestamp_seconds',
    help: 'Unix time from which the kubelet should rotate the canary token.',
    samples: canary((found) => found?.schedule.refreshDue),
  }),
  gauge({
    name: 'satoken_canary_healthy',
    help: '1 if the canary token exists and is rotated in time.',
    samples: canary((found) => Number(isOnSchedule(found?.state))),
  }),
  gauge({
    name: 'satoken_cluster_up',
    help: '1 if data from the API server is up to date, by resource.',
    labels: ['resource'],
    samples: ({ cluster }) =>
      Array.from(cluster.resources, ([resource, { isUp }]) => ({
        labels: { resource },
        value: Number(isUp),
      })),
  }),
  gauge({
    name: 'satoken_cluster_failure',
    help: '1 for the reason why data from the API server is missing or out of date, by resource; absent otherwise.',
    labels: ['resource', 'reason'],
    samples: ({ cluster }) =>
      [...cluster.resources].flatMap(([resource, state]) => {
        const reason = state.isUp ? state.reason : state.failure;
        return reason === undefined ? [] : [{ labels: { resource, reason }, value: 1 }];
      }),
  }),
];

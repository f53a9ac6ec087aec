/**
 * Table of the metrics of the exporter itself: what it counts, and its process.
 *
 * To add one, add a row here, then call `inc`, `set` or `observe` of exporter-metrics.ts where the event happens.
 */
import { CLUSTER_RESOURCES } from '../core/cluster-facts.ts';
import { READ_FAILURES } from '../core/observation.ts';
import {
  ACCESS_RESOURCES,
  DROP_REASONS,
  LOOKUP_RESOURCES,
  SUCCESS,
} from '../sources/api-server/client/requests.ts';
import { WATCH_FAILURES } from '../sources/files/watch.ts';
import { LOSSES } from '../sources/reads/protocol.ts';
import type { Metric } from './metric.ts';

/** The labels of one series of a row, without `node`. */
export type Labels = Readonly<Record<string, string>>;

interface Row<L extends Labels> extends Metric {
  /** The series that exist from the start, at 0. */
  readonly initial: readonly L[];
  /** Whether the row is of a part that is off by default: the series exist once it has begun. */
  readonly isOptional?: boolean;
}
export interface CounterRow<L extends Labels> extends Row<L> {
  readonly type: 'counter';
}
export interface HistogramRow<L extends Labels> extends Row<L> {
  readonly type: 'histogram';
  /** Upper bounds, without `+Inf`. */
  readonly buckets: readonly number[];
}
/** A series exists once it is set. */
export interface GaugeRow<L extends Labels> extends Row<L> {
  readonly type: 'gauge';
}

export type ExporterRow = CounterRow<Labels> | HistogramRow<Labels> | GaugeRow<Labels>;

/** The values that each label but `node` can have. */
type LabelValues = Readonly<Record<string, readonly string[]>>;
type LabelsOf<V extends LabelValues> = { readonly [Name in keyof V]: V[Name][number] };

/** For a label whose values are not known in advance. */
const ANY: readonly string[] = [];

interface RowOptions<V extends LabelValues> {
  readonly name: string;
  readonly help: string;
  readonly values: V;
  readonly isOptional?: boolean;
}

function combinations<V extends LabelValues>(values: V): readonly LabelsOf<V>[] {
  return Object.entries(values).reduce<readonly object[]>(
    (found, [name, known]) => found.flatMap((labels) => known.map((value) => ({ ...labels, [name]: value }))),
    [{}],
  ) as readonly LabelsOf<V>[];
}

function labelNames(values: LabelValues): readonly string[] {
  return ['node', ...Object.keys(values)];
}

/** Every combination of known values exists from the start, unless `initial` lists those that do. */
function counter<const V extends LabelValues>({
  name,
  help,
  values,
  initial = combinations(values),
  isOptional = false,
}: RowOptions<V> & { readonly initial?: readonly LabelsOf<V>[] }): CounterRow<LabelsOf<V>> {
  return { name, help, type: 'counter', labels: labelNames(values), initial, isOptional };
}

function histogram<const V extends LabelValues>({
  name,
  help,
  values,
  buckets,
  isOptional = false,
}: RowOptions<V> & { readonly buckets: readonly number[] }): HistogramRow<LabelsOf<V>> {
  const initial = combinations(values);
  return { name, help, type: 'histogram', labels: labelNames(values), initial, buckets, isOptional };
}

function gauge<const V extends LabelValues>({ name, help, values }: RowOptions<V>): GaugeRow<LabelsOf<V>> {
  return { name, help, type: 'gauge', labels: labelNames(values), initial: [] };
}

/** Components that can fail in a way that has no reason code. Values of a label: public contract. */
export const PARTS = ['pass', 'request', 'self_metrics', 'cluster', 'web_config', 'reads'] as const;
export type Part = (typeof PARTS)[number];

/** Statuses of rejected HTTP requests. Values of a label: public contract. */
export const REJECTION_CODES = ['401', '403', '421', '429', '500', '503'] as const;

const REQUESTED_RESOURCES = [...new Set([...CLUSTER_RESOURCES, ...LOOKUP_RESOURCES, ...ACCESS_RESOURCES])];

export const EXPORTER = {
  rotations: counter({
    name: 'satoken_rotations_total',
    help: 'Number of token rotations.',
    values: {},
  }),
  rotationLag: histogram({
    name: 'satoken_rotation_lag_seconds',
    help: 'Seconds from the time a refresh was due until the new token was issued; 0 if it was issued earlier.',
    values: {},
    // What a healthy kubelet needs (under 100 s), the usual grace period, and trouble of up to a day.
    buckets: [0, 15, 30, 60, 100, 200, 600, 1_800, 3_600, 14_400, 86_400],
  }),
  readErrors: counter({
    name: 'satoken_read_errors_total',
    help: 'Number of failed attempts to read an object, by reason.',
    values: { reason: READ_FAILURES },
  }),
  watchErrors: counter({
    name: 'satoken_watch_errors_total',
    help: 'Number of inotify problems, by reason: a watch could not be added, or an event was lost and the next scan found the change.',
    values: { reason: WATCH_FAILURES },
  }),
  exporterErrors: counter({
    name: 'satoken_exporter_errors_total',
    help: 'Unexpected internal errors, by component. Each one is a bug and is logged.',
    values: { part: PARTS },
  }),
  apiRequests: counter({
    name: 'satoken_cluster_requests_total',
    help: 'Number of requests to the API server, by resource and by status code or failure.',
    values: { resource: REQUESTED_RESOURCES, code: ANY },
    initial: REQUESTED_RESOURCES.map((resource) => ({ resource, code: SUCCESS[resource] })),
  }),
  droppedObjects: counter({
    name: 'satoken_cluster_dropped_objects_total',
    help: 'Number of objects from the API server that were ignored, by resource and reason.',
    values: { resource: CLUSTER_RESOURCES, reason: DROP_REASONS },
    initial: CLUSTER_RESOURCES.map((resource) => ({ resource, reason: 'malformed' as const })),
  }),
  readsErrors: counter({
    name: 'satoken_reads_watch_errors_total',
    help: 'Number of problems in watching who opens tokens, by reason; absent without --reads.watch.',
    values: { reason: LOSSES },
    isOptional: true,
  }),
  readsBlindTime: histogram({
    name: 'satoken_reads_blind_seconds',
    help: 'Seconds from a rotation until opens of the new token are seen; absent without --reads.watch.',
    values: {},
    // 0 if they are seen from before the rotation. File systems take their times from a clock that ticks every 1 to 10 ms.
    // Beyond 5 ms, a rotation is not counted.
    buckets: [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.25, 1],
    isOptional: true,
  }),
  webRejections: counter({
    name: 'satoken_web_refusals_total',
    help: 'HTTP requests rejected for their credentials, permissions, host name or rate, by status code.',
    values: { code: REJECTION_CODES },
  }),
  slowClients: counter({
    name: 'satoken_web_slow_clients_total',
    help: 'Number of clients disconnected because they read a response too slowly.',
    values: {},
  }),
  // Named after prometheus_config_last_reload_successful, with the same meaning.
  webConfigReloadSuccessful: gauge({
    name: 'satoken_web_config_last_reload_successful',
    help: '1 if the last reload of the web configuration succeeded; absent without a web configuration.',
    values: {},
  }),
  webConfigReloadTime: gauge({
    name: 'satoken_web_config_last_reload_success_timestamp_seconds',
    help: 'Unix time at which the web configuration in use was loaded; absent without a web configuration.',
    values: {},
  }),
} as const;

/** Its labels are those of the process, not of the node. */
export const BUILD_INFO: Metric = {
  name: 'satoken_exporter_build_info',
  type: 'gauge',
  help: 'Version of the exporter as labels; always 1.',
  labels: ['version', 'revision', 'node_version'],
};

function ofProcess(name: string, help: string): Metric {
  return { name, type: name.endsWith('_total') ? 'counter' : 'gauge', help, labels: [] };
}

/** The metrics of prom-client that promtool finds nothing wrong with and that need no timer. */
const PROCESS_METRICS = [
  ofProcess('process_cpu_user_seconds_total', 'Seconds of CPU time spent in user mode.'),
  ofProcess('process_cpu_system_seconds_total', 'Seconds of CPU time spent in system mode.'),
  ofProcess('process_cpu_seconds_total', 'Seconds of CPU time spent in user and system mode.'),
  ofProcess('process_start_time_seconds', 'Unix time at which the process started.'),
  ofProcess('process_resident_memory_bytes', 'Resident memory size in bytes.'),
  ofProcess('process_virtual_memory_bytes', 'Virtual memory size in bytes.'),
  ofProcess('process_heap_bytes', 'Size of the data segment of the process in bytes.'),
  ofProcess('process_open_fds', 'Number of open file descriptors.'),
  ofProcess('process_max_fds', 'Maximum number of open file descriptors.'),
  ofProcess('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap in bytes.'),
  ofProcess('nodejs_heap_size_used_bytes', 'Used size of the JavaScript heap in bytes.'),
  ofProcess(
    'nodejs_external_memory_bytes',
    'Memory in bytes that JavaScript objects use outside of the heap.',
  ),
];

export const EXPORTER_METRICS: readonly Metric[] = [
  ...Object.values(EXPORTER),
  BUILD_INFO,
  ...PROCESS_METRICS,
];

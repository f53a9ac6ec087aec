/**
 * The table of metrics of the exporter itself: what it counts, and the process it is.
 *
 * Knows names and sentences alone; where the values come from is in counters.ts.
 */
import type { Metric } from './metric.ts';

/** Where something can go wrong that nothing accounts for. Values of a label: public contract. */
export const PARTS = ['pass', 'request', 'self_metrics', 'cluster', 'web_config'] as const;
export type Part = (typeof PARTS)[number];

export const ROTATIONS = {
  name: 'satoken_rotations_total',
  type: 'counter',
  help: 'Tokens seen to be replaced by a newer one.',
  labels: ['node'],
} as const satisfies Metric;

export const ROTATION_LAG = {
  name: 'satoken_rotation_lag_seconds',
  type: 'histogram',
  help: 'How late a new token was issued after the refresh of the old one was due; 0 where it came early.',
  labels: ['node'],
} as const satisfies Metric;

export const READ_ERRORS = {
  name: 'satoken_read_errors_total',
  type: 'counter',
  help: 'Objects that could not be read, once per attempt.',
  labels: ['node', 'reason'],
} as const satisfies Metric;

export const WATCH_ERRORS = {
  name: 'satoken_watch_errors_total',
  type: 'counter',
  help: 'Times a change was seen late, or a watch could not be placed.',
  labels: ['node', 'reason'],
} as const satisfies Metric;

export const EXPORTER_ERRORS = {
  name: 'satoken_exporter_errors_total',
  type: 'counter',
  help: 'Failures of the exporter that it has no reason code for, by part: bugs, told in its log.',
  labels: ['node', 'part'],
} as const satisfies Metric;

export const CLUSTER_REQUESTS = {
  name: 'satoken_cluster_requests_total',
  type: 'counter',
  help: 'Requests to the API server, by resource and by the status of the answer, or what took its place.',
  labels: ['node', 'resource', 'code'],
} as const satisfies Metric;

export const WEB_REFUSALS = {
  name: 'satoken_web_refusals_total',
  type: 'counter',
  help: 'Requests that were refused before they were answered, by status: who asked was not let in, or asked too often.',
  labels: ['node', 'code'],
} as const satisfies Metric;

/** Named and meant as those of Prometheus's own configuration. */
export const WEB_CONFIG_SUCCESSFUL = {
  name: 'satoken_web_config_last_reload_successful',
  type: 'gauge',
  help: 'Whether the web configuration was taken when it was last read; absent where there is none.',
  labels: ['node'],
} as const satisfies Metric;

export const WEB_CONFIG_TIME = {
  name: 'satoken_web_config_last_reload_success_timestamp_seconds',
  type: 'gauge',
  help: 'When the web configuration in use was read; absent where there is none.',
  labels: ['node'],
} as const satisfies Metric;

export const BUILD_INFO = {
  name: 'satoken_exporter_build_info',
  type: 'gauge',
  help: 'Always 1; the labels say what is running.',
  labels: ['version', 'revision', 'node_version'],
} as const satisfies Metric;

function ofProcess(name: string, help: string): Metric {
  return { name, type: name.endsWith('_total') ? 'counter' : 'gauge', help, labels: [] };
}

/** Those that prom-client knows, that promtool finds nothing wrong with, and that need no timer. */
const PROCESS_METRICS = [
  ofProcess('process_cpu_user_seconds_total', 'CPU time spent in user mode.'),
  ofProcess('process_cpu_system_seconds_total', 'CPU time spent in system mode.'),
  ofProcess('process_cpu_seconds_total', 'CPU time spent in both modes.'),
  ofProcess('process_start_time_seconds', 'When the process started.'),
  ofProcess('process_resident_memory_bytes', 'Memory of the process that is in RAM.'),
  ofProcess('process_virtual_memory_bytes', 'Address space of the process.'),
  ofProcess('process_heap_bytes', 'Data segment of the process.'),
  ofProcess('process_open_fds', 'Open file descriptors.'),
  ofProcess('process_max_fds', 'Most file descriptors the process may open.'),
  ofProcess('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.'),
  ofProcess('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap.'),
  ofProcess('nodejs_external_memory_bytes', 'Memory outside of the JavaScript heap that its objects hold.'),
];

export const SELF_METRICS: readonly Metric[] = [
  ROTATIONS,
  ROTATION_LAG,
  READ_ERRORS,
  WATCH_ERRORS,
  EXPORTER_ERRORS,
  CLUSTER_REQUESTS,
  WEB_REFUSALS,
  WEB_CONFIG_SUCCESSFUL,
  WEB_CONFIG_TIME,
  BUILD_INFO,
  ...PROCESS_METRICS,
];

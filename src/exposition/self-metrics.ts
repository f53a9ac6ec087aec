/**
 * Metrics of the exporter itself: counters that live as long as the process, and the process itself.
 *
 * The one file that imports prom-client. Knows nothing of tokens.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import heap from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import memory from 'prom-client/lib/metrics/osMemoryHeap.js';
import cpu from 'prom-client/lib/metrics/processCpuTotal.js';
import maxDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import openDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import startTime from 'prom-client/lib/metrics/processStartTime.js';
import type { Family, Sample } from './families.ts';
import { labelText } from './labels.ts';

export interface BuildInfo {
  readonly version: string;
  readonly revision: string;
  readonly nodeVersion: string;
}

export interface SelfMetricsOptions {
  readonly node: string;
  readonly build: BuildInfo;
  /** Every value each counter can have as its reason: all are there from the start, at 0. */
  readonly readFailures: readonly string[];
  readonly watchFailures: readonly string[];
}

export interface SelfMetrics {
  /** Counts a rotation, and how late it was where that is known. */
  readonly rotated: (lagSeconds: number | undefined) => void;
  readonly readFailed: (reason: string) => void;
  readonly watchFailed: (reason: string) => void;
  readonly families: () => Promise<readonly Family[]>;
}

/** Those of prom-client's default metrics that promtool finds nothing wrong with, and that need no timer. */
const PROCESS_METRICS = [cpu, startTime, memory, openDescriptors, maxDescriptors, heap];

/** Around what a healthy kubelet needs (under 100 s), the usual grace, and a token's or a day's worth of trouble. */
const LAG_BUCKETS = [0, 15, 30, 60, 100, 200, 600, 1_800, 3_600, 14_400, 86_400];

/** A metric as prom-client hands it out. */
interface Collected {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly metricName?: string;
  }[];
}

function familyOf({ name, help, type, values }: Collected): Family {
  const samples = values.map(({ value, labels, metricName = name }): Sample => {
    return { labels: labelText(labels), value, suffix: metricName.slice(name.length) };
  });
  return { name, help: help.endsWith('.') ? help : `${help}.`, type: type as Family['type'], samples };
}

function createCounters({ node, readFailures, watchFailures }: SelfMetricsOptions, registers: Registry[]) {
  const rotations = new Counter({
    name: 'satoken_rotations_total',
    help: 'Tokens seen to be replaced by a newer one.',
    labelNames: ['node'],
    registers,
  });
  const lag = new Histogram({
    name: 'satoken_rotation_lag_seconds',
    help: 'How late a new token was issued after the refresh of the old one was due; 0 where it came early.',
    labelNames: ['node'],
    buckets: LAG_BUCKETS,
    registers,
  });
  const failures = (name: string, help: string, reasons: readonly string[]) => {
    const counter = new Counter({ name, help, labelNames: ['node', 'reason'], registers });
    for (const reason of reasons) counter.inc({ node, reason }, 0);
    return counter;
  };
  rotations.inc({ node }, 0);
  lag.zero({ node });
  return {
    rotations,
    lag,
    reads: failures(
      'satoken_read_errors_total',
      'Objects that could not be read, once per attempt.',
      readFailures,
    ),
    watches: failures(
      'satoken_watch_errors_total',
      'Times a change was seen late, or a watch could not be placed.',
      watchFailures,
    ),
  };
}

export function createSelfMetrics(options: SelfMetricsOptions): SelfMetrics {
  const { node, build } = options;
  const registry = new Registry();
  const counters = createCounters(options, [registry]);
  new Gauge({
    name: 'satoken_exporter_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'revision', 'node_version'],
    registers: [registry],
  }).set({ version: build.version, revision: build.revision, node_version: build.nodeVersion }, 1);
  for (const register of PROCESS_METRICS) register(registry);
  return {
    rotated: (lagSeconds) => {
      counters.rotations.inc({ node });
      if (lagSeconds !== undefined) counters.lag.observe({ node }, lagSeconds);
    },
    readFailed: (reason) => counters.reads.inc({ node, reason }),
    watchFailed: (reason) => counters.watches.inc({ node, reason }),
    families: async () => ((await registry.getMetricsAsJSON()) as unknown as Collected[]).map(familyOf),
  };
}

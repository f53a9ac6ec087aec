/**
 * The metrics of the exporter itself, which live as long as the process. Their rows are in exporter-rows.ts.
 *
 * The only file that imports prom-client.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import heap from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import memory from 'prom-client/lib/metrics/osMemoryHeap.js';
import cpu from 'prom-client/lib/metrics/processCpuTotal.js';
import maxDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import openDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import startTime from 'prom-client/lib/metrics/processStartTime.js';
import {
  BUILD_INFO,
  type CounterRow,
  EXPORTER,
  EXPORTER_METRICS,
  type ExporterRow,
  type GaugeRow,
  type HistogramRow,
  type Labels,
} from './exporter-rows.ts';
import { labelText } from './labels.ts';
import type { Family, Metric, Sample } from './metric.ts';

export interface BuildInfo {
  readonly version: string;
  readonly revision: string;
  readonly nodeVersion: string;
}

export interface ExporterMetricsOptions {
  readonly node: string;
  readonly build: BuildInfo;
  /** Called if a metric could not be read. The scrape leaves it out. */
  readonly onError: (error: unknown) => void;
}

/** The labels of a row but `node`; no argument if it has no others. */
type LabelArguments<L extends Labels> = keyof L extends never ? [] : [labels: NoInfer<L>];

export interface ExporterMetrics {
  readonly inc: <L extends Labels>(row: CounterRow<L>, ...labels: LabelArguments<L>) => void;
  readonly observe: <L extends Labels>(
    row: HistogramRow<L>,
    value: number,
    ...labels: LabelArguments<L>
  ) => void;
  /** Creates the series of an optional row. */
  readonly begin: (row: ExporterRow) => void;
  readonly set: <L extends Labels>(row: GaugeRow<L>, value: number, ...labels: LabelArguments<L>) => void;
  /** All metrics of the exporter, in the order of the table. Never rejects. */
  readonly families: () => Promise<readonly Family[]>;
}

/** prom-client's collectors of process metrics that need no timer. */
const COLLECTORS = [cpu, startTime, memory, openDescriptors, maxDescriptors, heap];

/** A value as prom-client returns it. */
interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

interface Collectable {
  readonly name: string;
  readonly get: () => Promise<{ readonly values: readonly Value[] }>;
}

/** OpenMetrics requires `le` to be a float. Both formats print it that way, so that a series is the same in both. */
function bucketText(bound: string | number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function sampleOf({ name, labels: names }: Metric, { value, labels, metricName = name }: Value): Sample {
  const bound = labels['le'];
  const bucket = bound === undefined ? {} : { le: bucketText(bound) };
  const others = Object.fromEntries(names.map((label) => [label, String(labels[label])]));
  return { labels: labelText({ ...bucket, ...others }), value, suffix: metricName.slice(name.length) };
}

/** Reads every metric of a registry, in its order: prom-client fills in some metrics when it reads one before them. */
async function read(
  registry: Registry,
  onError: (error: unknown) => void,
): Promise<ReadonlyMap<string, readonly Value[]>> {
  const metrics = registry.getMetricsAsArray() as unknown as readonly Collectable[];
  const found = new Map<string, readonly Value[]>();
  for (const metric of metrics) {
    try {
      found.set(metric.name, (await metric.get()).values);
    } catch (error) {
      onError(error);
    }
  }
  return found;
}

/** Creates the instrument of a row. */
function register(row: ExporterRow, registry: Registry): void {
  const { name, help, labels: labelNames } = row;
  const options = { name, help, labelNames, registers: [registry] };
  switch (row.type) {
    case 'counter':
      new Counter(options);
      return;
    case 'histogram':
      new Histogram({ ...options, buckets: [...row.buckets] });
      return;
    case 'gauge':
      new Gauge(options);
  }
}

function find<T>(registry: Registry, kind: new (...options: never) => T, { name }: Metric): T {
  const found: unknown = registry.getSingleMetric(name);
  if (!(found instanceof kind)) throw new Error(`${name} is not in the table of exporter metrics`);
  return found;
}

/** Creates the series of a row that exist from the start. */
function begin(row: ExporterRow, node: string, registry: Registry): void {
  for (const labels of row.initial) {
    if (row.type === 'counter') find(registry, Counter, row).inc({ node, ...labels }, 0);
    if (row.type === 'histogram') find(registry, Histogram, row).zero({ node, ...labels });
  }
}

function buildSample({ version, revision, nodeVersion }: BuildInfo): Sample {
  return { labels: labelText({ version, revision, node_version: nodeVersion }), value: 1 };
}

export function createExporterMetrics({ node, build, onError }: ExporterMetricsOptions): ExporterMetrics {
  const own = new Registry();
  for (const row of Object.values<ExporterRow>(EXPORTER)) {
    register(row, own);
    if (row.isOptional !== true) begin(row, node, own);
  }
  const process = new Registry();
  for (const collector of COLLECTORS) collector(process);
  const info = buildSample(build);

  const families = async (): Promise<readonly Family[]> => {
    // The process first: what cannot be read of it is counted in the same scrape.
    const values = new Map([...(await read(process, onError)), ...(await read(own, onError))]);
    return EXPORTER_METRICS.flatMap((metric): readonly Family[] => {
      if (metric === BUILD_INFO) return [{ metric, samples: [info] }];
      const found = values.get(metric.name);
      return found === undefined ? [] : [{ metric, samples: found.map((value) => sampleOf(metric, value)) }];
    });
  };
  return {
    inc: (row, ...[labels]) => find(own, Counter, row).inc({ node, ...labels }),
    observe: (row, value, ...[labels]) => find(own, Histogram, row).observe({ node, ...labels }, value),
    begin: (row) => begin(row, node, own),
    set: (row, value, ...[labels]) => find(own, Gauge, row).set({ node, ...labels }, value),
    families,
  };
}

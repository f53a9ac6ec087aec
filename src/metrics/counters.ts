/**
 * What the exporter counts of itself: counters that live as long as the process, and the process itself.
 *
 * The one file that imports prom-client; names and sentences are in self-metrics.ts. Knows nothing of tokens.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import heap from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import memory from 'prom-client/lib/metrics/osMemoryHeap.js';
import cpu from 'prom-client/lib/metrics/processCpuTotal.js';
import maxDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import openDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import startTime from 'prom-client/lib/metrics/processStartTime.js';
import { type RequestedResource, SUCCESS } from '../sources/api-server/requests.ts';
import * as rows from './exporter-rows.ts';
import { labelText } from './labels.ts';
import type { Family, Metric, Sample } from './metric.ts';

export interface BuildInfo {
  readonly version: string;
  readonly revision: string;
  readonly nodeVersion: string;
}

export interface CountersOptions {
  readonly node: string;
  readonly build: BuildInfo;
  /** Every value each counter can have as its reason: all are there from the start, at 0. */
  readonly readFailures: readonly string[];
  readonly watchFailures: readonly string[];
  /** Statuses of rejected requests. */
  readonly refusals: readonly number[];
  /** Every resource that the API server is asked for. */
  readonly resources: readonly RequestedResource[];
  /** A metric could not be read, and was left out of a scrape. */
  readonly onError: (error: unknown) => void;
}

export interface Counters {
  /** Counts a rotation, and how late it was where that is known. */
  readonly rotated: (lagSeconds: number | undefined) => void;
  readonly readFailed: (reason: string) => void;
  readonly watchFailed: (reason: string) => void;
  /** Counts a request to the API server: by the status of its answer, or what took its place. */
  readonly asked: (resource: string, code: number | string) => void;
  /** Counts a request that was refused, by its status. */
  readonly refused: (status: number) => void;
  /** The web configuration was read: when, if it was taken over. Epoch seconds. */
  readonly webConfigRead: (takenAt: number | undefined) => void;
  /** Counts a failure that has no reason code. */
  readonly failed: (part: rows.Part) => void;
  /** Never rejects: a metric that cannot be read is left out. */
  readonly families: () => Promise<readonly Family[]>;
}

/** Around what a healthy kubelet needs (under 100 s), the usual grace, and a token's or a day's worth of trouble. */
const LAG_BUCKETS = [0, 15, 30, 60, 100, 200, 600, 1_800, 3_600, 14_400, 86_400];

/** A value as prom-client hands it out. */
interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

interface Collectable {
  readonly name: string;
  readonly get: () => Promise<{ readonly values: readonly Value[] }>;
}

/** OpenMetrics wants the number of a bucket as a float; so spelled in both formats, a series stays the same. */
function floatText(value: string | number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function sampleOf(name: string, { value, labels, metricName = name }: Value): Sample {
  const texts = Object.entries(labels).map(([label, text]) => [label, floatText(text)]);
  return { labels: labelText(Object.fromEntries(texts)), value, suffix: metricName.slice(name.length) };
}

type Labelled = Metric & { readonly labels: readonly ['node', string] };
type OfNode = Metric & { readonly labels: readonly ['node'] };

/** A counter by its second label, every value of which is there from the start. */
function createCounter(metric: Labelled, node: string, values: readonly string[], registry: Registry) {
  const [, label] = metric.labels;
  const counter = new Counter({ ...metric, labelNames: metric.labels, registers: [registry] });
  for (const value of values) counter.inc({ node, [label]: value }, 0);
  return (value: string) => counter.inc({ node, [label]: value });
}

function createRotationCounters(node: string, registry: Registry): Counters['rotated'] {
  const registers = [registry];
  const rotations = new Counter({ ...rows.ROTATIONS, labelNames: rows.ROTATIONS.labels, registers });
  const lag = new Histogram({
    ...rows.ROTATION_LAG,
    labelNames: rows.ROTATION_LAG.labels,
    buckets: LAG_BUCKETS,
    registers,
  });
  rotations.inc({ node }, 0);
  lag.zero({ node });
  return (lagSeconds) => {
    rotations.inc({ node });
    if (lagSeconds !== undefined) lag.observe({ node }, lagSeconds);
  };
}

/** Every resource is there from the start, with the answer it should get. */
function createRequestCounter(
  node: string,
  resources: readonly RequestedResource[],
  registry: Registry,
): Counters['asked'] {
  const { labels } = rows.CLUSTER_REQUESTS;
  const counter = new Counter({ ...rows.CLUSTER_REQUESTS, labelNames: labels, registers: [registry] });
  for (const resource of resources) counter.inc({ node, resource, code: SUCCESS[resource] }, 0);
  // As a number it would be printed as that of a bucket.
  return (resource, code) => counter.inc({ node, resource, code: String(code) });
}

function createWebConfigGauges(node: string, registry: Registry): Counters['webConfigRead'] {
  const registers = [registry];
  const gauge = (row: OfNode) => new Gauge({ ...row, labelNames: row.labels, registers });
  const successful = gauge(rows.WEB_CONFIG_SUCCESSFUL);
  const time = gauge(rows.WEB_CONFIG_TIME);
  return (takenAt) => {
    successful.set({ node }, takenAt === undefined ? 0 : 1);
    if (takenAt !== undefined) time.set({ node }, takenAt);
  };
}

function registerBuild({ version, revision, nodeVersion }: BuildInfo, registry: Registry): void {
  new Gauge({ ...rows.BUILD_INFO, labelNames: rows.BUILD_INFO.labels, registers: [registry] }).set(
    { version, revision, node_version: nodeVersion },
    1,
  );
}

/** Reads every metric of the registry, in its order, since one may fill in those that follow it. */
async function collect(registry: Registry, onError: (error: unknown) => void) {
  const metrics = registry.getMetricsAsArray() as unknown as readonly Collectable[];
  const found = new Map<string, readonly Sample[]>();
  for (const metric of metrics) {
    try {
      const { values } = await metric.get();
      found.set(
        metric.name,
        values.map((value) => sampleOf(metric.name, value)),
      );
    } catch (error) {
      onError(error);
    }
  }
  return found;
}

export function createCounters({
  node,
  build,
  readFailures,
  watchFailures,
  refusals,
  resources,
  onError,
}: CountersOptions): Counters {
  const registry = new Registry();
  const rotated = createRotationCounters(node, registry);
  const readFailed = createCounter(rows.READ_ERRORS, node, readFailures, registry);
  const watchFailed = createCounter(rows.WATCH_ERRORS, node, watchFailures, registry);
  const asked = createRequestCounter(node, resources, registry);
  const refused = createCounter(rows.WEB_REFUSALS, node, refusals.map(String), registry);
  const webConfigRead = createWebConfigGauges(node, registry);
  registerBuild(build, registry);
  for (const register of [cpu, startTime, memory, openDescriptors, maxDescriptors, heap]) register(registry);
  // Last in the registry, so that it counts what goes wrong with the others before it is read.
  const failed = createCounter(rows.EXPORTER_ERRORS, node, rows.PARTS, registry);

  const families = async (): Promise<readonly Family[]> => {
    const found = await collect(registry, onError);
    return rows.SELF_METRICS.flatMap((metric) => {
      const samples = found.get(metric.name);
      return samples === undefined ? [] : [{ metric, samples }];
    });
  };
  return {
    rotated,
    readFailed,
    watchFailed,
    asked,
    refused: (status) => refused(String(status)),
    webConfigRead,
    failed,
    families,
  };
}

/**
 * Fills a Prometheus with the series of a synthetic fleet, in which the kubelets of some nodes do not rotate.
 */
import { NODE_INFO, type NodeOptions, nodeSeries, type TemplateSeries } from './node.ts';
import { encodeSamples, encodeSeries, sendSeries } from './remote-write.ts';

export interface FleetOptions extends Omit<NodeOptions, 'failing' | 'unreadable'> {
  /** The label of all series; empty if they have none. */
  readonly cluster: string;
  readonly nodes: number;
  /** Further nodes without an exporter. */
  readonly unmonitored: number;
  /** The first nodes, whose kubelets do not rotate. */
  readonly broken: Pick<NodeOptions, 'failing' | 'unreadable'> & { readonly nodes: number };
  readonly step: number;
  /** How much a counter grows in a second; by default a little. */
  readonly growth?: number;
  /** How many seconds of samples a series has; undefined if it is left out. */
  readonly history: (series: TemplateSeries, node: number) => number | undefined;
}

const SERIES_PER_REQUEST = 2_000;
const GROWTH = 0.01;

function samplesOf(
  { value, isCounter }: TemplateSeries,
  { at, step, growth = GROWTH }: FleetOptions,
  history: number,
): Buffer {
  const count = Math.floor(history / step) + 1;
  return encodeSamples(
    Array.from({ length: count }, (_, index) => {
      const time = at - (count - 1 - index) * step;
      return [isCounter ? value + (time - at + history) * growth : value, time] as const;
    }),
  );
}

/** Encodes the series of each node that has them. Samples are the same on all nodes. */
function createEncode(options: FleetOptions) {
  const { cluster, history } = options;
  const known = new Map<string, Buffer>();
  return (template: readonly TemplateSeries[], node: number): readonly Buffer[] =>
    template.flatMap((series) => {
      const seconds = history(series, node);
      if (seconds === undefined) return [];
      const key = `${series.value} ${series.isCounter} ${seconds}`;
      const samples = known.get(key) ?? samplesOf(series, options, seconds);
      known.set(key, samples);
      const labels = Object.entries({
        __name__: series.name,
        ...series.labels,
        ...(cluster !== '' && { cluster }),
      });
      const sorted = labels.toSorted(([a], [b]) => (a < b ? -1 : 1));
      return encodeSeries(
        sorted.map(([name, value]) => [name, value.replaceAll('@', String(node))]),
        samples,
      );
    });
}

/** Sends all series to the Prometheus at the URL, and returns their number. */
export async function fillFleet(url: string, options: FleetOptions): Promise<number> {
  const healthy = await nodeSeries({ ...options, failing: 0, unreadable: 0 });
  const broken = await nodeSeries({ ...options, ...options.broken });
  const encode = createEncode(options);
  let waiting: Buffer[] = [];
  let sent = 0;
  const last = options.nodes + options.unmonitored;
  for (let node = 1; node <= last; node += 1) {
    const monitored = node <= options.broken.nodes ? broken : healthy;
    waiting.push(...encode(node <= options.nodes ? monitored : [NODE_INFO], node));
    if (waiting.length < SERIES_PER_REQUEST && node < last) continue;
    await sendSeries(url, waiting);
    sent += waiting.length;
    waiting = [];
  }
  return sent;
}

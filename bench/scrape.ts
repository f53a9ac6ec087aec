/**
 * Cost of a scrape of 1,000 tokens, relative to joining its lines and to prom-client.
 */
import { Gauge, Registry } from 'prom-client';
import { NO_FACTS } from '../src/core/facts.ts';
import { createTakeSnapshot } from '../src/core/snapshot.ts';
import { createBufferPool } from '../src/metrics/buffer-pool.ts';
import { createListFamilies } from '../src/metrics/families.ts';
import type { Metric, Sample } from '../src/metrics/metric.ts';
import { createPrint } from '../src/metrics/text.ts';
import { compare } from './measure.ts';
import type { BenchNode } from './node.ts';
import { report } from './report.ts';
import { createSource } from './scan.ts';

/** A family with all its samples. */
interface Family {
  readonly metric: Metric;
  readonly samples: readonly Sample[];
}

const PAIR = /(\w+)="([^"]*)"/g;

interface Peer {
  readonly gauge: Gauge;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** The same series as gauges of prom-client. */
function peersOf(families: readonly Family[], registry: Registry): readonly Peer[] {
  return families.map(({ metric, samples }) => ({
    gauge: new Gauge({
      name: metric.name,
      help: metric.help,
      labelNames: [...metric.labels],
      registers: [registry],
    }),
    samples: samples.map(({ labels, value }) => ({
      labels: Object.fromEntries(
        Array.from(labels.matchAll(PAIR), ([, name = '', value = '']) => [name, value]),
      ),
      value,
    })),
  }));
}

function scrapePeers(peers: readonly Peer[], registry: Registry): Promise<string> {
  for (const { gauge, samples } of peers) {
    gauge.reset();
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
  return registry.metrics();
}

function joinLines(families: readonly Family[]): Buffer {
  let text = '';
  for (const { metric, samples } of families) {
    text += `# HELP ${metric.name} ${metric.help}\n# TYPE ${metric.name} ${metric.type}\n`;
    for (const { labels, value } of samples) text += `${metric.name}{${labels}} ${value}\n`;
  }
  return Buffer.from(text);
}

export async function benchScrape({ rootDir }: BenchNode): Promise<boolean> {
  const source = createSource(rootDir, false);
  await source.scan();
  const takeSnapshot = createTakeSnapshot({
    rotationGrace: 300,
    syncFrequency: 60,
    audience: { rules: [], useCatalogue: true },
  });
  const listFamilies = createListFamilies({ node: 'node-1', perToken: 'all', isRelativeShown: true });
  const pool = createBufferPool();
  const print = createPrint();
  const observation = source.observe();
  const list = () => listFamilies(takeSnapshot({ ...NO_FACTS, observation }, Date.now() / 1_000));
  const scrape = (): void => {
    pool
      .fill((write) => print(list(), 'text', write))
      .acquire()
      .release();
  };
  const families = list().map(({ metric, samples }): Family => ({ metric, samples: [...samples] }));
  const registry = new Registry();
  const peers = peersOf(families, registry);
  // Separate runs, because garbage collection after prom-client would slow down the other contenders.
  const alone = await compare(
    [
      { name: 'ours', run: scrape },
      { name: 'join', run: () => joinLines(families) },
    ],
    101,
    20,
  );
  const against = await compare([
    { name: 'ours', run: scrape },
    { name: 'peer', run: () => scrapePeers(peers, registry) },
  ]);
  const series = families.reduce((sum, { samples }) => sum + samples.length, 0);
  return [
    report({
      what: `scrape of ${series} series, relative to joining their lines`,
      value: alone.ratio('ours', 'join'),
      atMost: 2,
      unit: 'x',
    }),
    report({ what: 'baseline: joining the lines', value: alone.ms('join'), unit: 'ms' }),
    report({
      what: 'prom-client with the same series, relative to this exporter',
      value: against.ratio('peer', 'ours'),
      atLeast: 3,
      unit: 'x',
    }),
  ].every(Boolean);
}

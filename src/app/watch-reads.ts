/**
 * Sets up the source of reads. Loaded only if reads are watched.
 */
import type { Config } from '../config/options.ts';
import type { ExporterMetrics } from '../metrics/exporter-metrics.ts';
import { EXPORTER } from '../metrics/exporter-rows.ts';
import { createOwnOpens } from '../sources/reads/own-opens.ts';
import type { Loss } from '../sources/reads/protocol.ts';
import { createReadsSource } from '../sources/reads/reads.ts';
import type { Log } from '../util/log.ts';
import type { ReadsSetup } from './sources.ts';

interface WatchReadsOptions {
  readonly config: Config;
  /** The file of the thread that watches reads. */
  readonly readsWorker: string;
  readonly metrics: ExporterMetrics;
  readonly log: Log;
}

/** What to do about it, once in the log; later ones are counted only. */
const HINTS: Readonly<Record<Loss, string>> = {
  busy: 'a pod opens its files so often that they are no longer watched; others are not affected',
  event_lost: 'a swap was found without an event',
  max_user_instances: 'raise fs.inotify.max_user_instances on the node',
  max_user_watches: 'raise fs.inotify.max_user_watches on the node',
  overflow: 'raise fs.inotify.max_queued_events on the node, or find out who opens files that often',
  other: 'a directory cannot be watched',
};

export function watchReads({ config, readsWorker, metrics, log }: WatchReadsOptions): ReadsSetup {
  const opens = createOwnOpens(config.rootDir);
  const logged = new Set<Loss>();
  metrics.begin(EXPORTER.readsErrors);
  metrics.begin(EXPORTER.readsBlindTime);
  const onLoss = (reason: Loss): void => {
    metrics.inc(EXPORTER.readsErrors, { reason });
    if (logged.has(reason)) return;
    logged.add(reason);
    log.warn('reads of tokens may be missed', { reason, hint: HINTS[reason] });
  };
  return {
    opens,
    createSource: (options) =>
      createReadsSource({
        ...options,
        worker: readsWorker,
        opens,
        onLoss,
        onBlindTime: (seconds) => metrics.observe(EXPORTER.readsBlindTime, seconds),
      }),
  };
}

/**
 * Open watches: each sends changes, bookmarks and errors as one JSON frame per line until either side closes it.
 */
import type { ServerResponse } from 'node:http';
import type { Cluster } from '../cluster.ts';
import type { Change } from '../stores.ts';
import type { Histories } from './history.ts';
import { KINDS } from './kinds.ts';
import { JSON_HEADERS, type WatchSpec } from './response.ts';
import type { Schedule } from './schedule.ts';
import { expired } from './status.ts';

interface Watch {
  readonly spec: WatchSpec;
  readonly response: ServerResponse;
  /** Called when the watch ends. */
  readonly cleanups: (() => void)[];
}

export interface Watches {
  readonly open: (response: ServerResponse, spec: WatchSpec) => void;
  readonly count: () => number;
  /** Sends a bookmark on every watch that requested them. */
  readonly bookmark: () => void;
  /** Ends all watches with 410 Gone. */
  readonly expire: () => void;
  /** Ends all watches normally, as the real API server does from time to time. */
  readonly end: () => void;
  /** Closes all connections abruptly. */
  readonly drop: () => void;
}

export interface WatchesOptions {
  readonly cluster: Cluster;
  readonly histories: Histories;
  readonly schedule: Schedule;
}

/** The interval of the real API server. */
const BOOKMARK_SECONDS = 60;

function send({ spec, response }: Watch, type: string, object: object): void {
  if (!spec.isSilent()) response.write(`${JSON.stringify({ type, object })}\n`);
}

/** Stops sending. The caller closes the connection. */
function detach({ cleanups }: Watch): void {
  for (const cleanup of cleanups.splice(0)) cleanup();
}

function finish(watch: Watch): void {
  detach(watch);
  watch.response.end();
}

function sendObject(watch: Watch, type: string, object: object): void {
  send(watch, type, { kind: KINDS[watch.spec.resource].kind, apiVersion: 'v1', ...object });
}

/** To a watch, an object that starts to match is added, and one that stops matching is deleted. */
function sendChange(watch: Watch, { type, object, before }: Change): void {
  const { matches } = watch.spec;
  const matchedBefore = before !== undefined && matches(before);
  if (type !== 'DELETED' && matches(object)) sendObject(watch, matchedBefore ? 'MODIFIED' : 'ADDED', object);
  else if (matchedBefore) sendObject(watch, 'DELETED', object);
}

function sendBookmark(watch: Watch, revision: number): void {
  const { hasBookmarks, resource } = watch.spec;
  const metadata = { resourceVersion: String(revision) };
  if (hasBookmarks) sendObject(watch, 'BOOKMARK', { metadata, ...KINDS[resource].empty });
}

/** Sends the initial objects or changes. Returns false if the watch has to end. */
function start(watch: Watch, { cluster, histories }: WatchesOptions): boolean {
  const { resource, since, matches } = watch.spec;
  if (since === undefined) {
    for (const object of cluster.list(resource)) if (matches(object)) sendObject(watch, 'ADDED', object);
    return true;
  }
  const past = histories.of(resource).since(since);
  if (!past.ok) {
    send(watch, 'ERROR', expired(since, past.error));
    return false;
  }
  for (const change of past.value) sendChange(watch, change);
  return true;
}

/** Returns a function that ends the repetition. */
function every(seconds: number, schedule: Schedule, run: () => void): () => void {
  let cancel: () => void;
  const next = (): void => {
    cancel = schedule(seconds, () => {
      run();
      next();
    });
  };
  next();
  return () => cancel();
}

export function createWatches(options: WatchesOptions): Watches {
  const { cluster, histories, schedule } = options;
  const watches = new Set<Watch>();

  const follow = (watch: Watch): void => {
    const { spec, cleanups } = watch;
    const bookmark = (): void => sendBookmark(watch, cluster.revision());
    watches.add(watch);
    cleanups.push(
      () => void watches.delete(watch),
      histories.of(spec.resource).subscribe((change) => sendChange(watch, change)),
      every(BOOKMARK_SECONDS, schedule, bookmark),
      schedule(spec.timeoutSeconds, () => {
        bookmark();
        finish(watch);
      }),
    );
  };

  const open = (response: ServerResponse, spec: WatchSpec): void => {
    const watch = { spec, response, cleanups: [] };
    response.writeHead(200, JSON_HEADERS).flushHeaders();
    response.once('close', () => detach(watch));
    if (start(watch, options)) follow(watch);
    else response.end();
  };

  const each = (run: (watch: Watch) => void) => () => {
    for (const watch of [...watches]) run(watch);
  };
  return {
    open,
    count: () => watches.size,
    bookmark: each((watch) => sendBookmark(watch, cluster.revision())),
    expire: each((watch) => {
      send(watch, 'ERROR', expired(watch.spec.since ?? 1, cluster.revision()));
      finish(watch);
    }),
    end: each(finish),
    drop: each((watch) => {
      detach(watch);
      watch.response.destroy();
    }),
  };
}

/**
 * Open watches: changes, bookmarks and errors as frames of JSON, one a line, until one side has had enough.
 *
 * Knows nothing of who may watch.
 */
import type { ServerResponse } from 'node:http';
import type { Change, Cluster } from '../cluster.ts';
import type { Histories } from './history.ts';
import { KINDS, type Selector } from './kinds.ts';
import type { ObjectResource } from './request.ts';
import { JSON_HEADERS } from './response.ts';
import type { Schedule } from './schedule.ts';
import { expired } from './status.ts';

export interface WatchSpec {
  readonly resource: ObjectResource;
  readonly matches: Selector;
  /** Changes after this revision; where undefined, first all objects as they are. */
  readonly since: number | undefined;
  readonly hasBookmarks: boolean;
  /** When the server ends it. */
  readonly timeoutSeconds: number;
  /** Asked before every frame: such a watch stays open and says nothing. */
  readonly isSilent: () => boolean;
}

interface Watch {
  readonly spec: WatchSpec;
  readonly response: ServerResponse;
  /** Called when nothing more is to be sent. */
  readonly endings: (() => void)[];
}

export interface Watches {
  readonly open: (response: ServerResponse, spec: WatchSpec) => void;
  readonly count: () => number;
  /** Sends a bookmark to everybody who wants them. */
  readonly bookmark: () => void;
  /** Tells everybody that what they start from is too old, and ends. */
  readonly expire: () => void;
  /** Ends all, as the server does from time to time. */
  readonly end: () => void;
  /** Cuts all connections. */
  readonly drop: () => void;
}

export interface WatchesOptions {
  readonly cluster: Cluster;
  readonly histories: Histories;
  readonly schedule: Schedule;
}

/** How often the real one sends bookmarks. */
const BOOKMARK_SECONDS = 60;

function send({ spec, response }: Watch, type: string, object: object): void {
  if (!spec.isSilent()) response.write(`${JSON.stringify({ type, object })}\n`);
}

/** Nothing is sent from now on; the connection is left to whoever calls. */
function detach({ endings }: Watch): void {
  for (const end of endings.splice(0)) end();
}

function finish(watch: Watch): void {
  detach(watch);
  watch.response.end();
}

function sendObject(watch: Watch, type: string, object: object): void {
  send(watch, type, { kind: KINDS[watch.spec.resource].kind, apiVersion: 'v1', ...object });
}

/** An object that begins to match is new to a watch, and one that ceases to is gone. */
function sendChange(watch: Watch, { type, object, before }: Change): void {
  const { matches } = watch.spec;
  const was = before !== undefined && matches(before);
  if (type !== 'DELETED' && matches(object)) sendObject(watch, was ? 'MODIFIED' : 'ADDED', object);
  else if (was) sendObject(watch, 'DELETED', object);
}

function sendBookmark(watch: Watch, revision: number): void {
  const { hasBookmarks, resource } = watch.spec;
  const metadata = { resourceVersion: String(revision) };
  if (hasBookmarks) sendObject(watch, 'BOOKMARK', { metadata, ...KINDS[resource].empty });
}

/** Sends what there is to begin with; answers whether the watch goes on. */
function start(watch: Watch, { cluster, histories }: WatchesOptions): boolean {
  const { resource, since, matches } = watch.spec;
  if (since === undefined) {
    for (const object of cluster.list(resource)) if (matches(object)) sendObject(watch, 'ADDED', object);
    return true;
  }
  const past = histories.of(resource).since(since);
  if (!past.ok) {
    send(watch, 'ERROR', expired(since, past.oldest));
    return false;
  }
  for (const change of past.changes) sendChange(watch, change);
  return true;
}

/** Runs again and again until called off. */
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
    const { spec, endings } = watch;
    const bookmark = (): void => sendBookmark(watch, cluster.revision());
    watches.add(watch);
    endings.push(
      () => void watches.delete(watch),
      histories.of(spec.resource).follow((change) => sendChange(watch, change)),
      every(BOOKMARK_SECONDS, schedule, bookmark),
      schedule(spec.timeoutSeconds, () => {
        bookmark();
        finish(watch);
      }),
    );
  };

  const open = (response: ServerResponse, spec: WatchSpec): void => {
    const watch = { spec, response, endings: [] };
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

/**
 * A local copy of one resource: its trimmed objects, by key, and their resource version.
 *
 * Applies lists and watch events, which are untrusted. An odd object is dropped and reported, and costs no other object
 * its place: anyone with permission to create pods can create odd ones. Throws a ResponseError if a list or an event as a
 * whole is malformed.
 */
import { type JsonObject, object } from '../../util/json.ts';
import { ResponseError, statusFailure } from './client/failures.ts';
import type { DropReason } from './client/requests.ts';
import { createStore, type Entries, type Store } from './object-store.ts';

export interface Trimmed<T> {
  readonly key: string;
  /** Undefined if the object exists but is malformed. */
  readonly value: T | undefined;
}

export interface ReplicaOptions<T> {
  /** Kind of the objects, such as `Pod`. A list has the kind `PodList`. */
  readonly kind: string;
  readonly maxObjects: number;
  /** The fields to keep of an object; undefined if it cannot be identified. */
  readonly trim: (item: JsonObject) => Trimmed<T> | undefined;
  /** Called for every object that is dropped. */
  readonly onDropped: (reason: DropReason, item: unknown) => void;
}

/** A list that is being received. The replica does not change until it is complete. */
export interface Listing {
  readonly add: (item: unknown) => void;
  /** Replaces all objects. `frame` is the list without its objects. Returns whether anything has changed. */
  readonly finish: (frame: JsonObject) => boolean;
}

/** `dropped`: the event is malformed. `gone`: the resource version is too old; a new list is needed. */
export type EventOutcome = 'unchanged' | 'changed' | 'dropped' | 'gone';

export interface Replica<T> {
  /** The resource version to watch from; undefined if a new list is needed. */
  readonly version: () => string | undefined;
  readonly forgetVersion: () => void;
  readonly startList: () => Listing;
  readonly applyEvent: (event: unknown) => EventOutcome;
  /** The same map until something changes. */
  readonly objects: () => ReadonlyMap<string, T>;
  /** Keys of objects that exist but are malformed or beyond the maximum; the same set until something changes. */
  readonly unreadable: () => ReadonlySet<string>;
}

const GONE = 410;
/** It becomes part of a URL. The API server's are numbers. */
const VERSION = /^[\w.:-]{1,256}$/;

function resourceVersion(item: JsonObject): string | undefined {
  const version = object(item['metadata'])?.['resourceVersion'];
  return typeof version === 'string' && VERSION.test(version) ? version : undefined;
}

function readEvent(event: unknown) {
  const { type, object: item } = object(event) ?? {};
  return { type: typeof type === 'string' ? type : undefined, item: object(item) };
}

/** The object of an ERROR event is a Status with an HTTP status code. */
function applyError({ code }: JsonObject): 'gone' {
  if (code === GONE) return 'gone';
  throw new ResponseError((typeof code === 'number' ? statusFailure(code) : undefined) ?? 'bad_answer');
}

type Trim<T> = (item: unknown, isBeyondLimit: (key: string) => boolean) => Trimmed<T> | undefined;

/** Why an object is unreadable; undefined if it is not. */
function dropReason(item: unknown, found: Trimmed<unknown> | undefined, isBeyondLimit: boolean) {
  if (item === undefined) return 'too_large';
  if (found === undefined) return 'unidentified';
  if (isBeyondLimit) return 'limit';
  return found.value === undefined ? 'malformed' : undefined;
}

/** Returns a function that trims an object, and reports one that is unreadable. One without a key is lost. */
function createTrim<T>({ trim, onDropped }: ReplicaOptions<T>): Trim<T> {
  return (item, isBeyondLimit) => {
    const valid = object(item);
    const found = valid && trim(valid);
    const reason = dropReason(item, found, found !== undefined && isBeyondLimit(found.key));
    if (reason === undefined) return found;
    onDropped(reason, item);
    return found && { key: found.key, value: undefined };
  };
}

/** Returns a function that applies an event of one of the types that change objects. */
function createChanges<T>(store: Store<T>, trimmed: Trim<T>, options: ReplicaOptions<T>) {
  const { maxObjects, trim, onDropped } = options;
  const isBeyondLimit = (key: string): boolean => !store.has(key) && store.size() >= maxObjects;

  const put = (item: JsonObject): boolean => {
    const found = trimmed(item, isBeyondLimit);
    if (found === undefined) return false;
    const hasRoom = found.value !== undefined || store.unreadable().size < maxObjects;
    return hasRoom ? store.put(found.key, found.value) : store.remove(found.key);
  };
  const remove = (item: JsonObject): boolean => {
    // The metadata has the key. The rest can take a tenth of a second.
    const found = trim({ metadata: item['metadata'] });
    if (found === undefined) onDropped('unidentified', item);
    return found !== undefined && store.remove(found.key);
  };
  return (type: string, item: JsonObject): boolean => {
    if (type === 'BOOKMARK') return false;
    if (type === 'ADDED' || type === 'MODIFIED') return put(item);
    if (type === 'DELETED') return remove(item);
    throw new ResponseError('bad_answer');
  };
}

/** Returns the resource version of a list; throws if it is not a complete list of this kind. */
function versionOfList(frame: JsonObject, kind: string): string {
  const isPartial = Boolean(object(frame['metadata'])?.['continue']);
  const version = resourceVersion(frame);
  if (frame['kind'] === `${kind}List` && !isPartial && version !== undefined) return version;
  throw new ResponseError('bad_answer');
}

export function createReplica<T>(options: ReplicaOptions<T>): Replica<T> {
  const { kind, maxObjects, onDropped } = options;
  const store = createStore<T>();
  const trimmed = createTrim(options);
  const applyChange = createChanges(store, trimmed, options);
  let version: string | undefined;

  const startList = (): Listing => {
    const listed: Entries<T> = new Map();
    let readable = 0;
    const add = (item: unknown): void => {
      const found = trimmed(item, () => readable >= maxObjects);
      if (found?.value !== undefined) readable += 1;
      // Twice the maximum bounds the keys of unreadable objects.
      if (found !== undefined && listed.size < 2 * maxObjects) listed.set(found.key, found.value);
    };
    const finish = (frame: JsonObject): boolean => {
      version = versionOfList(frame, kind);
      return store.replace(listed);
    };
    return { add, finish };
  };

  const applyObject = (type: string, item: JsonObject): EventOutcome => {
    // A server that sends other kinds does not respond to this request.
    if (item['kind'] !== kind) throw new ResponseError('bad_answer');
    const hasChanged = applyChange(type, item);
    version = resourceVersion(item) ?? version;
    return hasChanged ? 'changed' : 'unchanged';
  };
  const applyEvent = (event: unknown): EventOutcome => {
    const { type, item } = readEvent(event);
    if (type === 'ERROR' && item !== undefined) return applyError(item);
    if (type !== undefined && typeof item?.['kind'] === 'string') return applyObject(type, item);
    onDropped('malformed', item);
    return 'dropped';
  };

  const forgetVersion = (): void => {
    version = undefined;
  };
  const { objects, unreadable } = store;
  return { version: () => version, forgetVersion, startList, applyEvent, objects, unreadable };
}

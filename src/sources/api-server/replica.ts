/**
 * A local copy of one resource: its trimmed objects, by key, and their resource version.
 *
 * Applies lists and watch events, which are untrusted: throws a ResponseError if one is malformed.
 */
import { isDeepStrictEqual } from 'node:util';
import { type JsonObject, object } from '../../util/json.ts';
import { ResponseError, statusFailure } from './failures.ts';

/** Objects by key, bounded in number. Each mutation returns whether anything has changed. */
interface Store<T> {
  readonly put: (key: string, value: T) => boolean;
  readonly remove: (key: string) => boolean;
  readonly replace: (objects: ReadonlyMap<string, T>) => boolean;
  /** An immutable copy; the same map until something changes. */
  readonly objects: () => ReadonlyMap<string, T>;
}

function createStore<T>(maxObjects: number): Store<T> {
  const current = new Map<string, T>();
  let copy: ReadonlyMap<string, T> | undefined;

  const invalidateIf = (hasChanged: boolean): boolean => {
    if (hasChanged) copy = undefined;
    return hasChanged;
  };
  const put = (key: string, value: T): boolean => {
    const before = current.get(key);
    if (before === undefined && current.size >= maxObjects) throw new ResponseError('too_large');
    // Most updates of a pod change only fields that are trimmed.
    if (before !== undefined && isDeepStrictEqual(before, value)) return false;
    current.set(key, value);
    return invalidateIf(true);
  };
  const remove = (key: string): boolean => invalidateIf(current.delete(key));
  const replace = (objects: ReadonlyMap<string, T>): boolean => {
    const removed = [...current.keys()].filter((key) => !objects.has(key)).map(remove);
    const changed = [...objects].filter(([key, value]) => put(key, value));
    return removed.length > 0 || changed.length > 0;
  };
  const objects = (): ReadonlyMap<string, T> => {
    copy ??= new Map(current);
    return copy;
  };
  return { put, remove, replace, objects };
}

export interface Trimmed<T> {
  readonly key: string;
  readonly value: T;
}

export interface ReplicaOptions<T> {
  /** Kind of the objects, such as `Pod`. A list has the kind `PodList`. */
  readonly kind: string;
  readonly maxObjects: number;
  /** The fields to keep of an object; undefined if it is malformed. */
  readonly trim: (item: JsonObject) => Trimmed<T> | undefined;
}

/** A list that is being received. The replica does not change until it is complete. */
export interface Listing {
  readonly add: (item: unknown) => void;
  /** Replaces all objects. `frame` is the list without its objects. Returns whether anything has changed. */
  readonly finish: (frame: JsonObject) => boolean;
}

/** `gone`: the resource version is too old; a new list is needed. */
export type EventOutcome = 'unchanged' | 'changed' | 'gone';

export interface Replica<T> {
  /** The resource version to watch from; undefined if a new list is needed. */
  readonly version: () => string | undefined;
  readonly forgetVersion: () => void;
  readonly startList: () => Listing;
  readonly applyEvent: (event: unknown) => EventOutcome;
  /** The same map until something changes. */
  readonly objects: () => ReadonlyMap<string, T>;
}

const GONE = 410;

function resourceVersion(item: JsonObject): string {
  const version = object(item['metadata'])?.['resourceVersion'];
  if (typeof version === 'string' && version !== '') return version;
  throw new ResponseError('bad_answer');
}

/** The object of an ERROR event is a Status with an HTTP status code. */
function applyError({ code }: JsonObject): 'gone' {
  if (code === GONE) return 'gone';
  throw new ResponseError((typeof code === 'number' ? statusFailure(code) : undefined) ?? 'bad_answer');
}

export function createReplica<T>({ kind, maxObjects, trim }: ReplicaOptions<T>): Replica<T> {
  const store = createStore<T>(maxObjects);
  let version: string | undefined;

  const trimmed = (item: JsonObject | undefined): Trimmed<T> => {
    const kept = item === undefined ? undefined : trim(item);
    if (kept === undefined) throw new ResponseError('bad_answer');
    return kept;
  };

  const startList = (): Listing => {
    const listed = new Map<string, T>();
    const add = (item: unknown): void => {
      if (listed.size >= maxObjects) throw new ResponseError('too_large');
      const { key, value } = trimmed(object(item));
      listed.set(key, value);
    };
    const finish = (frame: JsonObject): boolean => {
      const isPartial = Boolean(object(frame['metadata'])?.['continue']);
      if (frame['kind'] !== `${kind}List` || isPartial) throw new ResponseError('bad_answer');
      version = resourceVersion(frame);
      return store.replace(listed);
    };
    return { add, finish };
  };

  const applyChange = (type: unknown, item: JsonObject): boolean => {
    if (type === 'BOOKMARK') return false;
    const { key, value } = trimmed(item);
    if (type === 'ADDED' || type === 'MODIFIED') return store.put(key, value);
    if (type === 'DELETED') return store.remove(key);
    throw new ResponseError('bad_answer');
  };

  const applyEvent = (event: unknown): EventOutcome => {
    const { type, object: content } = object(event) ?? {};
    const item = object(content);
    if (item === undefined) throw new ResponseError('bad_answer');
    if (type === 'ERROR') return applyError(item);
    if (item['kind'] !== kind) throw new ResponseError('bad_answer');
    const next = resourceVersion(item);
    const hasChanged = applyChange(type, item);
    version = next;
    return hasChanged ? 'changed' : 'unchanged';
  };

  const forgetVersion = (): void => {
    version = undefined;
  };
  return { version: () => version, forgetVersion, startList, applyEvent, objects: store.objects };
}

/**
 * The served kinds: names, supported field selectors, and the fields of an empty object.
 */
import type { StoredObject } from '../object-store.ts';
import { err, ok, type Result } from '../result.ts';
import type { ObjectResource } from './request.ts';

interface Kind {
  readonly kind: string;
  readonly singularName: string;
  readonly shortNames: readonly string[];
  readonly fields: readonly string[];
  /** The fields of an empty object besides its metadata, as in bookmarks. */
  readonly empty: Readonly<Record<string, unknown>>;
}

const META_FIELDS = ['metadata.name', 'metadata.namespace'];
const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const EVENT_TIMES = { firstTimestamp: null, lastTimestamp: null, eventTime: null };

export const KINDS: Readonly<Record<ObjectResource, Kind>> = {
  pods: {
    kind: 'Pod',
    singularName: 'pod',
    shortNames: ['po'],
    fields: [
      ...META_FIELDS,
      'spec.nodeName',
      'spec.serviceAccountName',
      'spec.restartPolicy',
      'status.phase',
    ],
    empty: { spec: { containers: null }, status: {} },
  },
  serviceaccounts: {
    kind: 'ServiceAccount',
    singularName: 'serviceaccount',
    shortNames: ['sa'],
    fields: META_FIELDS,
    empty: {},
  },
  persistentvolumeclaims: {
    kind: 'PersistentVolumeClaim',
    singularName: 'persistentvolumeclaim',
    shortNames: ['pvc'],
    fields: META_FIELDS,
    empty: { spec: {}, status: {} },
  },
  events: {
    kind: 'Event',
    singularName: 'event',
    shortNames: ['ev'],
    fields: [...META_FIELDS, ...INVOLVED.map((name) => `involvedObject.${name}`), 'reason', 'type'],
    empty: {
      involvedObject: {},
      source: {},
      ...EVENT_TIMES,
      reportingComponent: '',
      reportingInstance: '',
    },
  },
};

export type Selector = (object: StoredObject) => boolean;

const TERM = /^(?<field>[^=!]+)(?<operator>=|==|!=)(?<value>[^=!]*)$/;

/** A field as text, or the empty string if it is missing. */
function fieldOf(object: unknown, path: readonly string[]): string {
  const [first, ...rest] = path;
  if (first === undefined) return typeof object === 'string' ? object : '';
  if (typeof object !== 'object' || object === null) return '';
  return fieldOf((object as Readonly<Record<string, unknown>>)[first], rest);
}

function parseTerm(term: string, { fields }: Kind): Result<Selector> {
  const { field = '', operator, value } = TERM.exec(term)?.groups ?? {};
  if (operator === undefined) return err(`invalid selector: '${term}'; can't understand '${term}'`);
  if (!fields.includes(field)) return err(`field label not supported: ${field}`);
  const path = field.split('.');
  return ok((object) => (fieldOf(object, path) === value) === (operator !== '!='));
}

/** Terms are joined by commas; an object matches if it matches all of them. */
export function parseFieldSelector(text: string, resource: ObjectResource): Result<Selector> {
  const terms = text === '' ? [] : text.split(',').map((term) => parseTerm(term, KINDS[resource]));
  const selectors: Selector[] = [];
  for (const term of terms) {
    if (!term.ok) return term;
    selectors.push(term.value);
  }
  return ok((object) => selectors.every((matches) => matches(object)));
}

/**
 * The kinds of objects that are served: their names, the fields they can be selected by, and what an empty one prints.
 *
 * Knows nothing of where the objects are kept.
 */
import type { StoredObject } from '../object-store.ts';
import type { ObjectResource } from './request.ts';

interface Kind {
  readonly kind: string;
  readonly singularName: string;
  readonly shortNames: readonly string[];
  readonly fields: readonly string[];
  /** What an object without content prints besides its metadata, as bookmarks do. */
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

export type ParsedSelector =
  | { readonly ok: true; readonly matches: Selector }
  | { readonly ok: false; readonly message: string };

const TERM = /^(?<field>[^=!]+)(?<operator>=|==|!=)(?<value>[^=!]*)$/;

/** A field as text; what is not there is the empty string. */
function fieldOf(object: unknown, path: readonly string[]): string {
  const [first, ...rest] = path;
  if (first === undefined) return typeof object === 'string' ? object : '';
  if (typeof object !== 'object' || object === null) return '';
  return fieldOf((object as Readonly<Record<string, unknown>>)[first], rest);
}

function parseTerm(term: string, { fields }: Kind): ParsedSelector {
  const { field = '', operator, value } = TERM.exec(term)?.groups ?? {};
  if (operator === undefined)
    return { ok: false, message: `invalid selector: '${term}'; can't understand '${term}'` };
  if (!fields.includes(field)) return { ok: false, message: `field label not supported: ${field}` };
  const path = field.split('.');
  return { ok: true, matches: (object) => (fieldOf(object, path) === value) === (operator !== '!=') };
}

/** Of terms joined by commas, all must hold. */
export function parseFieldSelector(text: string, resource: ObjectResource): ParsedSelector {
  const terms = text === '' ? [] : text.split(',').map((term) => parseTerm(term, KINDS[resource]));
  const selectors: Selector[] = [];
  for (const term of terms) {
    if (!term.ok) return term;
    selectors.push(term.matches);
  }
  return { ok: true, matches: (object) => selectors.every((matches) => matches(object)) };
}

/**
 * What may be done: a table of resources and verbs, the same for everybody.
 *
 * All is allowed until it is denied.
 */
import type { ApiRequest, RequestedResource, Verb } from './request.ts';

export interface Permissions {
  /** All verbs where none is named. */
  readonly deny: (resource: RequestedResource, verb?: Verb) => void;
  readonly allow: (resource: RequestedResource, verb?: Verb) => void;
  readonly allows: (request: Pick<ApiRequest, 'resource' | 'verb'>) => boolean;
}

const VERBS: readonly Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

export function createPermissions(): Permissions {
  const denied = new Set<string>();
  const rows = (resource: RequestedResource, verb?: Verb): readonly string[] =>
    (verb === undefined ? VERBS : [verb]).map((one) => `${one} ${resource}`);
  return {
    deny: (resource, verb) => {
      for (const row of rows(resource, verb)) denied.add(row);
    },
    allow: (resource, verb) => {
      for (const row of rows(resource, verb)) denied.delete(row);
    },
    allows: ({ resource, verb }) => !denied.has(`${verb} ${resource}`),
  };
}

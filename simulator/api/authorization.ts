/**
 * Authorization in two parts: what clients may do at this API server, and what SubjectAccessReview responds about paths.
 *
 * Source of the RBAC rules and messages: k8s.io/kubernetes/pkg/registry/rbac/validation and pkg/apis/rbac/v1,
 * evaluation_helpers.go.
 */
import type { ApiRequest, RequestedResource, Verb } from './request.ts';

/** The same for all clients. Everything is allowed until it is denied. */
export interface Permissions {
  /** Denies all verbs if none is given. */
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

export type BoundSubject =
  | { readonly kind: 'User' | 'Group'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string };

/** A ClusterRole with one rule, and a ClusterRoleBinding of it to one subject. */
export interface Binding {
  readonly name: string;
  readonly role: string;
  readonly subject: BoundSubject;
  /** `*` matches all verbs. */
  readonly verbs: readonly string[];
  /** `*` matches all paths; at the end of a path it matches any suffix. */
  readonly nonResourceURLs: readonly string[];
}

export interface PathRequest {
  readonly user: string;
  readonly groups: readonly string[];
  readonly verb: string;
  readonly path: string;
}

export interface Rbac {
  /** Returns a function that removes the binding. */
  readonly bind: (binding: Binding) => () => void;
  /** Returns the reason if the request is allowed. RBAC gives no reason if it is not. */
  readonly allows: (request: PathRequest) => string | undefined;
}

function isBoundTo(subject: BoundSubject, { user, groups }: PathRequest): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.name === user;
    case 'Group':
      return groups.includes(subject.name);
    case 'ServiceAccount':
      return user === `system:serviceaccount:${subject.namespace}:${subject.name}`;
  }
}

function matchesPath(path: string, url: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
}

function isAllowedBy({ subject, verbs, nonResourceURLs }: Binding, request: PathRequest): boolean {
  const isVerb = verbs.includes('*') || verbs.includes(request.verb);
  const isPath = nonResourceURLs.some((url) => matchesPath(request.path, url));
  return isVerb && isPath && isBoundTo(subject, request);
}

function reasonOf({ name, role, subject }: Binding): string {
  const title = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace}` : subject.name;
  return `RBAC: allowed by ClusterRoleBinding "${name}" of ClusterRole "${role}" to ${subject.kind} "${title}"`;
}

/** `defaults` are bindings that cannot be removed. */
export function createRbac(defaults: readonly Binding[]): Rbac {
  const bindings = new Set<Binding>();
  return {
    bind: (binding) => {
      bindings.add(binding);
      return () => void bindings.delete(binding);
    },
    allows: (request) => {
      const found = [...bindings, ...defaults].find((binding) => isAllowedBy(binding, request));
      return found && reasonOf(found);
    },
  };
}

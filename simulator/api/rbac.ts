/**
 * Who may ask for which paths: ClusterRoles and their bindings, as RBAC judges by them and words what it finds.
 *
 * Rules and words: k8s.io/kubernetes/pkg/registry/rbac/validation, and pkg/apis/rbac/v1, evaluation_helpers.go. Those
 * that come with every cluster are not there. Knows nothing of HTTP.
 */
export type BoundSubject =
  | { readonly kind: 'User' | 'Group'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string };

/** A ClusterRole with one rule, and a ClusterRoleBinding of it to one subject. */
export interface Binding {
  readonly name: string;
  readonly role: string;
  readonly subject: BoundSubject;
  /** `*` is any. */
  readonly verbs: readonly string[];
  /** `*` is any, and at the end of one it is anything. */
  readonly nonResourceURLs: readonly string[];
}

export interface PathRequest {
  readonly user: string;
  readonly groups: readonly string[];
  readonly verb: string;
  readonly path: string;
}

export interface Rbac {
  /** Answers how to take it back. */
  readonly bind: (binding: Binding) => () => void;
  /** Answers the reason for a yes; undefined for a no, which RBAC gives no reason for. */
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

function isCovered(path: string, url: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
}

function isAllowedBy({ subject, verbs, nonResourceURLs }: Binding, request: PathRequest): boolean {
  const isVerb = verbs.includes('*') || verbs.includes(request.verb);
  const isPath = nonResourceURLs.some((url) => isCovered(request.path, url));
  return isVerb && isPath && isBoundTo(subject, request);
}

function reasonOf({ name, role, subject }: Binding): string {
  const title = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace}` : subject.name;
  return `RBAC: allowed by ClusterRoleBinding "${name}" of ClusterRole "${role}" to ${subject.kind} "${title}"`;
}

export function createRbac(): Rbac {
  const bindings = new Set<Binding>();
  return {
    bind: (binding) => {
      bindings.add(binding);
      return () => void bindings.delete(binding);
    },
    allows: (request) => {
      const found = [...bindings].find((binding) => isAllowedBy(binding, request));
      return found && reasonOf(found);
    },
  };
}

/**
 * The ClusterRoles and ClusterRoleBindings that every cluster has, as far as they allow non-resource paths.
 *
 * Source: k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy, policy.go. A binding has the name of its
 * role, except that of the group `system:masters`.
 */
import type { Binding } from './authorization.ts';

/** The paths under which a probe and its single checks are found. */
const PROBES = ['/healthz', '/livez', '/readyz'];
const VERSION = ['/version', '/version/'];
const withChecks = (path: string): readonly string[] => [path, `${path}/*`];

interface DefaultRole extends Pick<Binding, 'verbs' | 'nonResourceURLs'> {
  readonly role: string;
  readonly groups: readonly string[];
}

const ROLES: readonly DefaultRole[] = [
  { role: 'cluster-admin', groups: ['system:masters'], verbs: ['*'], nonResourceURLs: ['*'] },
  {
    role: 'system:discovery',
    groups: ['system:authenticated'],
    verbs: ['get'],
    nonResourceURLs: [...PROBES, ...VERSION, ...['/api', '/apis', '/openapi'].flatMap(withChecks)],
  },
  {
    role: 'system:monitoring',
    groups: ['system:monitoring'],
    verbs: ['get'],
    nonResourceURLs: [...PROBES.flatMap(withChecks), '/metrics', '/metrics/slis'],
  },
  {
    role: 'system:public-info-viewer',
    groups: ['system:authenticated', 'system:unauthenticated'],
    verbs: ['get'],
    nonResourceURLs: [...PROBES, ...VERSION],
  },
  {
    role: 'system:service-account-issuer-discovery',
    groups: ['system:serviceaccounts'],
    verbs: ['get'],
    nonResourceURLs: ['/.well-known/openid-configuration', '/openid/v1/jwks'].flatMap((path) => [
      path,
      `${path}/`,
    ]),
  },
];

export const DEFAULT_BINDINGS: readonly Binding[] = ROLES.flatMap(({ role, groups, ...rule }) =>
  groups.map((name) => ({ name: role, role, subject: { kind: 'Group' as const, name }, ...rule })),
);

/**
 * What the roles that every cluster has allow, as SubjectAccessReview of the simulated API server reports it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createRbac } from '../../../simulator/api/authorization.ts';
import { DEFAULT_BINDINGS } from '../../../simulator/api/default-roles.ts';

const AUTHENTICATED = ['system:authenticated'];
const ACCOUNTS = ['system:serviceaccounts', 'system:serviceaccounts:monitoring', ...AUTHENTICATED];

interface Case {
  readonly groups: readonly string[];
  readonly path: string;
  readonly verb?: string;
  /** Undefined if no default role allows the request. */
  readonly role: string | undefined;
}

const CASES: readonly Case[] = [
  { groups: AUTHENTICATED, path: '/healthz', role: 'system:discovery' },
  { groups: AUTHENTICATED, path: '/apis/apps/v1', role: 'system:discovery' },
  { groups: AUTHENTICATED, path: '/healthz/ping', role: undefined },
  { groups: AUTHENTICATED, path: '/metrics', role: undefined },
  { groups: AUTHENTICATED, path: '/', role: undefined },
  { groups: AUTHENTICATED, path: '/openid/v1/jwks', role: undefined },
  { groups: AUTHENTICATED, path: '/version', verb: 'post', role: undefined },
  { groups: ACCOUNTS, path: '/metrics', role: undefined },
  { groups: ACCOUNTS, path: '/openid/v1/jwks', role: 'system:service-account-issuer-discovery' },
  {
    groups: ACCOUNTS,
    path: '/.well-known/openid-configuration',
    role: 'system:service-account-issuer-discovery',
  },
  { groups: ['system:unauthenticated'], path: '/version', role: 'system:public-info-viewer' },
  { groups: ['system:unauthenticated'], path: '/api', role: undefined },
  { groups: ['system:monitoring'], path: '/metrics', role: 'system:monitoring' },
  { groups: ['system:monitoring'], path: '/livez/ping', role: 'system:monitoring' },
  { groups: ['system:masters'], path: '/metrics', verb: 'delete', role: 'cluster-admin' },
];

describe('the default roles of the simulated API server', () => {
  for (const { groups, path, verb = 'get', role } of CASES)
    it(`${role === undefined ? 'deny' : 'allow'} ${groups[0]} to ${verb} ${path}`, () => {
      const reason = createRbac(DEFAULT_BINDINGS).allows({ user: 'a-user', groups, path, verb });
      assert.equal(/ClusterRole "(?<name>[^"]*)"/.exec(reason ?? '')?.groups?.['name'], role);
    });
});

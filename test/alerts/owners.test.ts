/**
 * The knobs `owner` and `team` add labels of the workload and the team to alerts.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { rulesFile } from '../../alerts/documents.ts';
import { owned } from '../../alerts/owners.ts';
import { describeWith, PROMTOOLS } from '../support/tools.ts';
import { type Case, fires, keepsFiring, testRules } from './promtool.ts';
import { nodeScraped, problem, scraped, series, TOKEN, TOKEN_TEXT } from './series.ts';

const OWNERS = { owner: 'owner_kind,owner_name', team: 'label_team' };
const OWNER = { owner_kind: 'ReplicaSet', owner_name: 'api-6f7d' };
const TEAM = { label_team: 'payments-core' };
const LABELS = { ...TOKEN, reason: 'token_refused' };
const refused = { ...nodeScraped('5x30'), ...problem('token_refused', '1x30') };
/** From two replicas of kube-state-metrics. */
const twice = (name: string, labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    ['10.0.0.8:8080', '10.0.0.9:8080'].map((instance) => [series(name, { ...labels, instance }), '1x30']),
  );
const owner = twice('kube_pod_owner', {
  namespace: 'payments',
  pod: 'api-0',
  owner_is_controller: 'true',
  ...OWNER,
});
const team = twice('kube_namespace_labels', { namespace: 'payments', ...TEAM });
const firing = (labels: Readonly<Record<string, string>>) => ({
  labels: { ...LABELS, ...labels },
  prints: { subject: TOKEN_TEXT },
});

const CASES: readonly Case[] = [
  {
    it: 'an alert on a token gets the labels of its workload and its team',
    series: { ...refused, ...owner, ...team },
    expect: fires('SATokenRefused', 5, firing({ ...OWNER, ...TEAM })),
  },
  {
    it: 'an alert gets the labels that are known',
    series: { ...refused, ...team },
    expect: fires('SATokenRefused', 5, firing(TEAM)),
  },
  {
    it: 'a namespace and a pod with two values of a label make no rule fail',
    series: {
      ...refused,
      ...owner,
      ...team,
      ...twice('kube_namespace_labels', { namespace: 'web', label_team: 'a' }),
      ...twice('kube_namespace_labels', { namespace: 'web', label_team: 'b' }),
      ...twice('kube_pod_owner', { namespace: 'web', pod: 'w', owner_is_controller: 'true', ...OWNER }),
      ...twice('kube_pod_owner', {
        namespace: 'web',
        pod: 'w',
        owner_is_controller: 'true',
        ...OWNER,
        owner_name: 'b',
      }),
    },
    expect: fires('SATokenRefused', 5, firing({ ...OWNER, ...TEAM })),
  },
  {
    it: 'an alert without labels of its owner fires, too',
    series: refused,
    expect: fires('SATokenRefused', 5, firing({})),
  },
  {
    it: 'an alert on a node stays as it is',
    series: { ...nodeScraped('5x30'), [scraped('satoken_canary_healthy')]: '0x30', ...owner, ...team },
    expect: keepsFiring('SATokenCanaryLate', { labels: { node: 'node-1' } }, 5),
  },
];

for (const { tool, promtool } of PROMTOOLS)
  describeWith([tool], `the owners of alerts in ${tool}`, () => {
    it('are labels of the alerts', async () => {
      const { isPassed, output } = await testRules(promtool, CASES, rulesFile(OWNERS));
      assert.ok(isPassed, output);
    });
    it('are left out by default', () => assert.equal(owned('up', { owner: '', team: '' }), 'up'));
  });

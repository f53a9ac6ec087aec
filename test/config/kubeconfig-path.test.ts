/**
 * When the API server is asked, and by which configuration.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { kubeconfigOf } from '../../src/config/kubeconfig-path.ts';

const IN_CLUSTER = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
const OF_A_PERSON = { KUBECONFIG: '/own/config' };

describe('the configuration of the API server', () => {
  const cases = [
    { it: 'is none where there is none', mode: 'auto', kubeconfig: '', environment: {}, found: undefined },
    { it: "is the pod's own in a pod", mode: 'auto', kubeconfig: '', environment: IN_CLUSTER, found: '' },
    { it: "is a person's", mode: 'auto', kubeconfig: '', environment: OF_A_PERSON, found: '/own/config' },
    {
      it: 'is the one that is named',
      mode: 'auto',
      kubeconfig: '/own',
      environment: OF_A_PERSON,
      found: '/own',
    },
    { it: 'is named in a pod too', mode: 'auto', kubeconfig: '/own', environment: IN_CLUSTER, found: '/own' },
    { it: "is the pod's own where it must be there", mode: 'on', kubeconfig: '', environment: {}, found: '' },
    {
      it: 'is none where it is off',
      mode: 'off',
      kubeconfig: '/own',
      environment: IN_CLUSTER,
      found: undefined,
    },
  ] as const;
  for (const { it: title, mode, kubeconfig, environment, found } of cases)
    it(title, () => assert.equal(kubeconfigOf({ clusterMode: mode, kubeconfig }, environment), found));
});

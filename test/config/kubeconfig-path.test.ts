/**
 * Whether the API server is used, and with which kubeconfig.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { findKubeconfig } from '../../src/config/kubeconfig-path.ts';

const IN_CLUSTER = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
const OF_A_USER = { KUBECONFIG: '/own/config' };
const POD = { files: undefined };

describe('the kubeconfig', () => {
  const cases = [
    {
      it: 'is undefined without any configuration',
      mode: 'auto',
      kubeconfig: undefined,
      environment: {},
      found: undefined,
    },
    {
      it: 'is undefined if the variable is empty',
      mode: 'auto',
      kubeconfig: undefined,
      environment: { KUBECONFIG: '' },
      found: undefined,
    },
    {
      it: 'is the in-cluster configuration in a pod',
      mode: 'auto',
      kubeconfig: undefined,
      environment: IN_CLUSTER,
      found: POD,
    },
    {
      it: 'is the file that the environment of a user names',
      mode: 'auto',
      kubeconfig: undefined,
      environment: OF_A_USER,
      found: { files: '/own/config' },
    },
    {
      it: 'is the file that the option names rather than that of the environment',
      mode: 'auto',
      kubeconfig: '/own',
      environment: OF_A_USER,
      found: { files: '/own' },
    },
    {
      it: 'is the file that the option names, also in a pod',
      mode: 'auto',
      kubeconfig: '/own',
      environment: IN_CLUSTER,
      found: { files: '/own' },
    },
    {
      it: 'is the in-cluster configuration if the API server must be used and nothing else is configured',
      mode: 'on',
      kubeconfig: undefined,
      environment: {},
      found: POD,
    },
    {
      it: 'is undefined if the API server must not be used',
      mode: 'off',
      kubeconfig: '/own',
      environment: IN_CLUSTER,
      found: undefined,
    },
  ] as const;
  for (const { it: title, mode, kubeconfig, environment, found } of cases)
    it(title, () => {
      assert.deepEqual(findKubeconfig({ clusterMode: mode, kubeconfig }, environment), found);
    });
});

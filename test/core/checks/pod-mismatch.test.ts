/**
 * pod_mismatch: the token is bound to a different pod than the one it is mounted in.
 */
import { describe } from 'mocha';
import { projection } from '../../support/cluster.ts';
import { legacyToken, token } from '../../support/tokens.ts';
import { inPod, testCases } from './cases.ts';

const other = { name: 'other', uid: 'another-uid' };

/** Another source of the volume can write any path. */
function overwritten(volume: string, path: string) {
  return inPod({ projections: [projection({ volume, path, isOverwritable: true })] });
}

describe('pod_mismatch', () => {
  testCases('pod_mismatch', [
    { it: 'passes a token of the pod it is mounted in', status: 'pass' },
    {
      it: 'fails a token of another pod',
      token: token({ claims: { pod: other } }),
      status: 'fail',
      detail: 'bound to the pod with UID another-uid',
    },
    {
      it: 'fails a token of another pod with the same name',
      token: token({ claims: { pod: { name: 'api-0', uid: 'another-uid' } } }),
      status: 'fail',
    },
    {
      it: 'passes a token in a Secret volume, which the kubelet does not request',
      token: token({ volumeKind: 'secret', claims: { pod: other } }),
      status: 'pass',
    },
    {
      it: 'passes a token of another pod that the spec does not request, as in a virtual cluster',
      token: token({ claims: { pod: other } }),
      cluster: inPod({ projections: [] }),
      status: 'pass',
    },
    {
      it: 'fails a legacy token in the place of the one that the spec requests',
      token: legacyToken({ volumeKind: 'projected' }),
      cluster: overwritten('api-token', 'token'),
      status: 'fail',
      detail: 'not bound to a pod: another source of the volume has replaced the token',
    },
    {
      it: 'fails an unbound token in the place of the one that the spec requests',
      token: token({ claims: { pod: undefined } }),
      cluster: overwritten('vault-token', 'vault-token'),
      status: 'fail',
    },
    {
      it: "is unknown if the pod's spec is not known",
      token: token({ claims: { pod: other } }),
      cluster: { pods: undefined },
      status: 'unknown',
    },
    {
      it: 'is unknown if the token is not bound to a pod',
      token: token({ claims: { pod: undefined } }),
      status: 'unknown',
    },
    {
      it: 'is unknown if the token names no pod UID',
      token: token({ claims: { pod: { name: 'api-0', uid: undefined } } }),
      status: 'unknown',
    },
    { it: 'passes a legacy token, which is never bound to a pod', token: legacyToken(), status: 'pass' },
  ]);
});

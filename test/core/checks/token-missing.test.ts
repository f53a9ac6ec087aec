/**
 * token_missing: the spec of a running pod requests a token, but the file is missing.
 */
import { describe } from 'mocha';
import type { Observation, Unreadable } from '../../../src/core/observation.ts';
import { projection } from '../../support/cluster.ts';
import { NOW, POD_UID, token } from '../../support/tokens.ts';
import { SETTLED, testPodCases } from './cases.ts';

function unreadable(place: Partial<Unreadable>): Partial<Observation> {
  return {
    unreadable: [{ podUid: '', volume: '', path: '', reason: 'permission_denied', detail: '', ...place }],
  };
}

describe('token_missing', () => {
  testPodCases('token_missing', [
    {
      it: 'fails if the file is missing',
      failures: ['token_missing'],
      detail: 'the spec requests vault-token in volume vault-token',
    },
    {
      it: 'passes if no container mounts the volume',
      pod: { projections: [projection({ isMounted: false })] },
      failures: [],
    },
    {
      it: 'fails for a mounted volume next to one that no container mounts',
      pod: { projections: [projection({ isMounted: false }), projection({ volume: 'mounted' })] },
      failures: ['token_missing'],
      detail: 'the spec requests token in volume mounted',
    },
    { it: 'passes if the file is there', seen: { tokens: [token()] }, failures: [] },
    {
      it: 'passes if the file cannot be read',
      seen: unreadable({ podUid: POD_UID, volume: 'vault-token', path: 'vault-token' }),
      failures: [],
    },
    {
      it: 'passes if the volume cannot be read',
      seen: unreadable({ podUid: POD_UID, volume: 'vault-token' }),
      failures: [],
    },
    {
      it: 'passes if the folder of the pod cannot be read',
      seen: unreadable({ podUid: POD_UID }),
      failures: [],
    },
    { it: 'passes if the folder of all pods cannot be read', seen: unreadable({}), failures: [] },
    {
      it: 'fails if only another pod has such a file',
      seen: { tokens: [token({ identity: { podUid: 'b' } })] },
      failures: ['token_missing'],
    },
    {
      it: 'passes a pod that started less than two minutes before the scan',
      pod: { startedAt: SETTLED + 1 },
      failures: [],
    },
    {
      it: 'passes if the last scan was less than two minutes after the start of the pod',
      seen: { scannedAt: NOW - 1 },
      failures: [],
    },
    { it: 'passes before the first scan', seen: { scannedAt: undefined }, failures: [] },
    { it: 'passes a pod that has not started', pod: { startedAt: undefined }, failures: [] },
    { it: 'passes a pending pod', pod: { phase: 'Pending' }, failures: [] },
    { it: 'passes a terminating pod', pod: { isTerminating: true }, failures: [] },
    { it: 'passes a completed pod', pod: { phase: 'Succeeded' }, failures: [] },
  ]);
});

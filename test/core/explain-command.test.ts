import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { explainCommands } from '../../src/core/explain-command.ts';

const NOTHING = { self: undefined, podNames: new Map() };
const API = { namespace: 'payments', pod: 'api-0', podUid: '2a54b4a4-4f0d-4c44-9c2e-6e0a1d6cf3a1' };
const KNOWN = {
  self: { podUid: 'own', mountedToken: undefined },
  podNames: new Map([['own', { namespace: 'monitoring', pod: 'tokens-x7k2p' }]]),
};

describe('explainCommands', () => {
  it('returns the command of the plugin, and the one in the pod of the exporter', () => {
    assert.deepEqual(explainCommands(API, KNOWN), [
      'kubectl satoken explain payments/api-0',
      'kubectl exec -n monitoring tokens-x7k2p -- sa-token-exporter explain payments/api-0',
    ]);
  });

  it('has a placeholder if the pod of the exporter is not known', () => {
    const [, exec] = explainCommands(API, NOTHING);
    assert.equal(
      exec,
      'kubectl exec -n sa-token-exporter EXPORTER -- sa-token-exporter explain payments/api-0',
    );
  });

  it('names a pod without a known name by its UID, which the plugin does not find', () => {
    assert.deepEqual(explainCommands({ ...API, namespace: '', pod: '' }, KNOWN), [
      `kubectl exec -n monitoring tokens-x7k2p -- sa-token-exporter explain ${API.podUid}`,
    ]);
  });

  for (const hostile of ['$(id)', 'a;id', 'a b', 'a\nid', '`id`', "a'", '-n', '', 'a'.repeat(254)])
    it(`never contains ${JSON.stringify(hostile.slice(0, 10))} of a token, a directory or a pod`, () => {
      const own = new Map([['own', { namespace: hostile, pod: hostile }]]);
      const named = { namespace: hostile, pod: hostile, podUid: API.podUid };
      for (const command of explainCommands(named, { ...KNOWN, podNames: own }))
        assert.equal(
          command,
          `kubectl exec -n sa-token-exporter EXPORTER -- sa-token-exporter explain ${API.podUid}`,
        );
      assert.deepEqual(explainCommands({ ...named, podUid: hostile }, KNOWN), []);
    });
});

/**
 * Host names over the loopback interface, as a port-forward and DNS rebinding have them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createHostNames } from '../../src/web/host-names.ts';

const { isAllowed } = createHostNames(['node-1.example.com', 'exporter.example.com']);

describe('host names', () => {
  for (const host of [
    undefined,
    'localhost',
    'localhost:9894',
    'LOCALHOST:9894',
    'localhost.',
    '127.0.0.1:9894',
    '10.244.0.7:9894',
    '[::1]:9894',
    '[fd00::7]',
    'sa-token-exporter',
    'sa-token-exporter-x7k2p:9894',
    'sa-token-exporter.monitoring.svc:9894',
    'sa-token-exporter.monitoring.svc.cluster.local',
    'a.localhost',
    'node-1.example.com:9894',
    'Exporter.Example.com',
  ])
    it(`may be ${host}`, () => assert.equal(isAllowed(host, '127.0.0.1'), true));

  for (const host of [
    'evil.example',
    'evil.example:9894',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'svc.evil.example',
    'evil.svcx.example:9894',
    'cluster.local.evil.example',
    'evil.example.com.',
    'x.exporter.example.com',
    '[evil.example]',
    '[::1',
    'localhost:9894:evil.example',
    'evil.example/localhost',
    '',
  ])
    it(`may not be ${JSON.stringify(host)}`, () => {
      for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
        assert.equal(isAllowed(host, address), false, address);
    });

  it('may be any at other addresses', () => {
    for (const address of ['10.0.0.1', 'fd00::1', '::ffff:10.0.0.1', undefined])
      assert.equal(isAllowed('api.cluster.example.com:6443', address), true);
  });
});

/**
 * Which addresses count as one client.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { networkOf } from '../../src/web/client-network.ts';

describe('the network of a client', () => {
  const cases = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::6', '2001:db8:1:3::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::2:3:4:5:6', '2001:db8:0:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    [undefined, ''],
  ] as const;
  for (const [address, network] of cases)
    it(`is ${network || 'empty'} for ${address ?? 'a client that has disconnected'}`, () =>
      assert.equal(networkOf(address), network));
});

/**
 * The size of the page is bounded for any node.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Unreadable } from '../../../src/core/observation.ts';
import { RUNBOOKS } from '../../../src/core/runbook.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { NO_FILTER } from '../../../src/web/page/filter.ts';
import { atOnce } from '../../../src/web/page/slices.ts';
import { statusPage } from '../../../src/web/page/status-page.ts';
import { snapshot } from '../../support/snapshots.ts';
import { ISSUER, NOW, token } from '../../support/tokens.ts';

const MAX_BYTES = 360 * 1_024;

function pageOf(of: Snapshot): string {
  return atOnce(
    statusPage({
      node: 'node-1',
      version: '1',
      telemetryPath: '/metrics',
      runbooks: RUNBOOKS,
      filter: NO_FILTER,
      snapshot: of,
    }),
  );
}

function sizeOf(of: Snapshot): number {
  return Buffer.byteLength(pageOf(of));
}

/** Default tokens with names of realistic length. */
function tokens(count: number, age: number): readonly Token[] {
  return Array.from({ length: count }, (_, index) => {
    const pod = { name: `checkout-worker-6c8f9d7b5-${10_000 + index}`, uid: `uid-${index}` };
    const issuedAt = NOW - age;
    const times = {
      issuedAt,
      notBefore: issuedAt,
      warnAfter: issuedAt + 3_607,
      expiresAt: issuedAt + 31_536_000,
    };
    return token({
      claims: { namespace: 'payments', pod, audiences: [ISSUER], ...times },
      identity: { podUid: pod.uid, volume: 'kube-api-access-abcde', path: 'token' },
    });
  });
}

function unreadable(count: number): readonly Unreadable[] {
  return Array.from({ length: count }, (_, index) => ({
    podUid: `uid-${index}`,
    volume: 'vault-token',
    path: 'vault-token',
    reason: 'io_error',
    detail: 'system call failed with EIO',
  }));
}

describe('the size of the status page', () => {
  for (const { what, of } of [
    { what: '1,000 healthy tokens', of: snapshot({ tokens: tokens(1_000, 60) }) },
    { what: '1,000 stale tokens', of: snapshot({ tokens: tokens(1_000, 4_000) }) },
    { what: '5,000 healthy tokens', of: snapshot({ tokens: tokens(5_000, 60) }) },
    { what: '5,000 unreadable objects', of: snapshot({ unreadable: unreadable(5_000) }) },
  ])
    it(`is under 360 KiB for ${what}`, () => {
      const size = sizeOf(of);
      assert.ok(size < MAX_BYTES, `${size} bytes`);
    });

  it('grows by at most 10 kB for a token with claims of any length', () => {
    const long = 'x'.repeat(60_000);
    const claims = { audiences: [long, long], namespace: long, serviceAccount: { name: long, uid: long } };
    const of = snapshot({ tokens: [token({ claims, identity: { volume: long, path: long } })] });
    assert.ok(sizeOf(of) < sizeOf(snapshot()) + 10_000);
  });
});

describe('the status page of a large node', () => {
  it('shows how many tokens it leaves out', () => {
    assert.match(pageOf(snapshot({ tokens: tokens(1_001, 60) })), /Showing 1000 of 1001 tokens/);
  });
  it('shows a shared remedy once, and how to see the others', () => {
    const page = pageOf(snapshot({ tokens: tokens(11, 4_000) }));
    assert.match(page, /Remedies are shown once per kind of problem; filter by pod to see a specific one\./);
    assert.equal(page.match(/<tr class=why>/g)?.length, 1);
    assert.doesNotMatch(pageOf(snapshot({ tokens: tokens(1, 4_000) })), /Remedies are shown once/);
  });
  it('shows how many unreadable objects it leaves out', () => {
    assert.match(pageOf(snapshot({ unreadable: unreadable(101) })), /<li>and 1 more, in the JSON/);
    assert.doesNotMatch(pageOf(snapshot({ unreadable: unreadable(100) })), /more, in the JSON/);
  });
});

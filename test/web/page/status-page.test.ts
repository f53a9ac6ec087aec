/**
 * The page of the node: what it tells of a node that is empty, healthy or burning, and of hostile names.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { OVERDUE_CAUSES } from '../../../src/core/overdue-cause.ts';
import { OTHER_RUNBOOKS } from '../../../src/core/runbook.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { NO_FILTER } from '../../../src/web/page/filter.ts';
import { statusPage } from '../../../src/web/page/status-page.ts';
import { clusterAround } from '../../support/cluster.ts';
import { snapshot, troubledNode } from '../../support/snapshots.ts';
import { legacyToken, NOW, token } from '../../support/tokens.ts';

const WIKI = 'https://wiki.example.com';

function pageOf(of: Snapshot, overrides: Partial<Parameters<typeof statusPage>[0]> = {}): string {
  const page = {
    node: 'node-1',
    version: '1.2.3',
    telemetryPath: '/tokens',
    runbooks: WIKI,
    filter: NO_FILTER,
  };
  return statusPage({ ...page, snapshot: of, ...overrides });
}

describe('the page of a healthy node', () => {
  const page = pageOf(snapshot());

  it('says of which node, and when it was looked at', () => {
    assert.match(page, /<h1>ServiceAccount tokens of node-1<\/h1>/);
    assert.match(page, /As of 2026-11-24 00:26:40 UTC; .* 0s ago, at 2026-11-24 00:26:40 UTC/);
  });
  it('tells each token in a row: whose, for whom, its times and its state', () => {
    assert.match(
      page,
      /<td>payments\/<b>api-0<\/b><i>api<\/i><td>vault-token\/vault-token<i>vault<\/i><td>0s ago<meter [^>]+><\/meter><td>in 48m0s<td>in 1h0m<td><b class=good>fresh<\/b>/,
    );
  });
  it('has nothing to mend', () => assert.doesNotMatch(page, /<details>|Missing tokens|Unreadable/));
  it('leads to the metrics and its twin', () => {
    assert.match(page, /<a href="tokens">Metrics<\/a>, <a href="api\/v1\/tokens">/);
  });
  it('has neither scripts nor anything of elsewhere', () => {
    assert.doesNotMatch(page, /<script|<link|<img|url\(|@import|https?:\/\/|\sstyle=|\son\w+=/i);
  });
});

describe('the page of a node without tokens', () => {
  it('says that there are none', () =>
    assert.match(pageOf(snapshot({ tokens: [] })), /No tokens on this node\./));
  it('says where nobody has looked yet', () => {
    assert.match(
      pageOf(snapshot({ tokens: [], scannedAt: undefined })),
      /No look at the whole node has ended yet\./,
    );
  });
  it('says where the filter leaves none', () => {
    const page = pageOf(snapshot(), { filter: { ...NO_FILTER, text: 'nobody' } });
    assert.match(page, /No token is what you ask for\./);
    assert.match(page, /value="nobody"/);
    assert.match(page, /href="api\/v1\/tokens\?q=nobody"/);
  });
});

describe('the page of a burning node', () => {
  const of = troubledNode();
  const page = pageOf(of);

  it('tells every problem, with its count and a way to its tokens', () => {
    for (const [reason, count] of of.problems) {
      const row = `<a href="?problem=${reason}">${reason}</a></dt><dd>${count}</dd>`;
      assert.equal(page.includes(row), count > 0, reason);
    }
  });
  it('tells every state, with its count and a way to its tokens', () => {
    for (const [state, count] of of.byState)
      assert.equal(page.includes(`?state=${state}">${state}</a></dt><dd>${count}</dd>`), count > 0, state);
  });
  it('tells why late tokens are late', () => {
    const told = OVERDUE_CAUSES.filter((cause) => new RegExp(`<i>(?:[a-z_, ]+; )?${cause}</i>`).test(page));
    assert.deepEqual(
      told,
      OVERDUE_CAUSES.filter((cause) => [...of.causes.values()].includes(cause)),
    );
  });
  it('tells for each failure what is wrong, the evidence, every step and its runbook', () => {
    assert.match(
      page,
      /<details><summary><b>stale<\/b>: [^<]+<\/summary><p>Evidence: [^<]+<\/p><ol>(?:<li>[^<]+)+<\/ol><p>Runbook: <a href="https:\/\/wiki\.example\.com\/SATokenStale\.md" rel=noreferrer>SATokenStale<\/a>/,
    );
  });
  it('leads to the runbook of every problem, and nowhere else', () => {
    const checks = [...of.assessments.flatMap(({ failures }) => failures), ...of.missingTokens];
    const { unreadable, apiServer } = OTHER_RUNBOOKS;
    const runbooks = [...checks.map(({ check }) => check.runbook), unreadable, apiServer];
    const links = [...page.matchAll(/<a href="(https?:[^"]+)" rel=noreferrer>/g)].map(([, url]) => url);
    assert.deepEqual(new Set(links), new Set(runbooks.map((name) => `${WIKI}/${name}.md`)));
    assert.equal(page.match(/https?:\/\/wiki/g)?.length, links.length);
  });
  it('tells what is missing and what could not be read', () => {
    assert.match(page, /Missing tokens.*<b>missing<\/b> vault-token\/vault-token<details>/s);
    assert.match(page, /uid-1\/v\/token: <b class=warn>permission_denied<\/b> <i>EACCES<\/i>/);
  });
  it('tells what the API server keeps to itself, and what the exporter sees of itself', () => {
    assert.match(page, /<dt>tokenreviews<\/dt><dd><b class=warn>forbidden<\/b>/);
    assert.match(page, /<dt>canary<\/dt><dd><b class=good>fresh<\/b>/);
  });
  it('has the worst first, then what fails, then the soonest', () => {
    const states = [...page.matchAll(/<td><b class=(\w+)>(\w+)<\/b>/g)].map(([, tone]) => tone);
    assert.deepEqual(
      states,
      states.toSorted((a = '', b = '') => rank(a) - rank(b)),
    );
    assert.deepEqual(new Set(states), new Set(['bad', 'warn', 'good']));
  });
});

describe('the page of an exporter that does not see itself', () => {
  const self = { podUid: 'uid-of-nobody', mountedTokenId: undefined };
  const page = pageOf(snapshot({ facts: { cluster: NO_CLUSTER, self, missingSince: undefined } }));

  it('leads to a runbook once, whatever is wrong', () => {
    for (const name of [OTHER_RUNBOOKS.selfCheck, OTHER_RUNBOOKS.canary])
      assert.equal(page.split(`${WIKI}/${name}.md`).length, 2, name);
  });
});

function rank(tone: string): number {
  return ['bad', 'warn', 'good'].indexOf(tone);
}

describe('unusual times', () => {
  for (const { what, of, tells } of [
    { what: 'a token that never ends', of: legacyToken(), tells: /<td>not told<td>never<td>never<td>/ },
    {
      what: 'a token that the API server extended',
      of: token({ claims: { expiresAt: NOW + 365 * 86_400, warnAfter: NOW + 3_607 } }),
      tells: /<td>in 1h0m<td>/,
    },
    {
      what: 'a token that the API server extended, past its own end',
      of: token({ claims: { issuedAt: NOW - 4_000, expiresAt: NOW + 365 * 86_400, warnAfter: NOW - 393 } }),
      tells: /The API server extended it; that ends in 365d0h\./,
    },
    {
      what: 'a token from the end of time',
      of: token({ claims: { issuedAt: 0, expiresAt: Number.MAX_SAFE_INTEGER } }),
      tells: /<meter aria-hidden=true value=0>/,
    },
    {
      what: 'a token that ends before it begins',
      of: token({ claims: { issuedAt: NOW, expiresAt: NOW - 1 } }),
      tells: /<td>0s ago<td>/,
    },
  ])
    it(`are told: ${what}`, () => assert.match(pageOf(snapshot({ tokens: [of] })), tells));

  it('are told where no calendar has them', () => {
    assert.match(pageOf(snapshot({ scannedAt: 1e300 })), /at 1e\+300\./);
  });

  it('make no difference to a token that nobody misses', () => {
    const late = token({ claims: { issuedAt: NOW - 700, expiresAt: NOW - 100 } });
    const cluster = clusterAround(late, { pods: new Map() });
    const page = pageOf(
      snapshot({ tokens: [late], facts: { cluster, self: undefined, missingSince: undefined } }),
    );
    assert.match(page, /<b class=calm>expired<\/b><i>pod_terminating<\/i>/);
  });
});

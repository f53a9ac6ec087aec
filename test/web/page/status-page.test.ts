/**
 * The content of the status page for a node that is healthy, without tokens, or with problems.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { OVERDUE_CAUSES } from '../../../src/core/causes/overdue-cause.ts';
import { REASONS } from '../../../src/core/checks/index.ts';
import { NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import { OTHER_RUNBOOKS } from '../../../src/core/runbook.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { NO_FILTER } from '../../../src/web/page/filter.ts';
import { atOnce } from '../../../src/web/page/slices.ts';
import { statusPage } from '../../../src/web/page/status-page.ts';
import { clusterAround, podFacts } from '../../support/cluster.ts';
import { snapshot, troubledNode } from '../../support/snapshots.ts';
import { legacyToken, NOW, POD_UID, token } from '../../support/tokens.ts';

const WIKI = 'https://wiki.example.com';

function pageOf(of: Snapshot, overrides: Partial<Parameters<typeof statusPage>[0]> = {}): string {
  const page = {
    node: 'node-1',
    version: '1.2.3',
    telemetryPath: '/own/metrics',
    runbooks: WIKI,
    filter: NO_FILTER,
  };
  return atOnce(statusPage({ ...page, snapshot: of, ...overrides }));
}

describe('the status page of a healthy node', () => {
  const page = pageOf(snapshot());

  it('shows the node and the time of the last scan', () => {
    assert.match(page, /<h1>ServiceAccount tokens of node-1<\/h1>/);
    assert.match(page, /As of 2026-11-24 00:26:40 UTC; last full scan 0s ago, at 2026-11-24 00:26:40 UTC/);
  });
  it('has a row for each token with its pod, service account, audience, times and state', () => {
    assert.match(
      page,
      /<td>payments\/<b>api-0<\/b><i>api<\/i><td><b class=good>fresh<\/b><td>in 1h0m<td>in 48m0s<td>0s ago<meter [^>]+><\/meter><td>vault-token\/vault-token<i>vault<\/i>/,
    );
  });
  it('says that it found no problems', () =>
    assert.match(page, /<p>No problems found\. 1 token\.<\/p><p>As of/));
  it('has no remedies and no lists of missing or unreadable objects', () =>
    assert.doesNotMatch(page, /<details>|Missing tokens|Unreadable/));
  it('links to the metrics and the JSON report', () => {
    assert.match(page, /<a href="own\/metrics">Metrics<\/a>, <a href="tokens">/);
  });
  it('has no script and loads nothing', () => {
    assert.doesNotMatch(page, /<script|<link|<img|url\(|@import|https?:\/\/|\sstyle=|\son\w+=/i);
  });
});

describe('the status page without tokens to show', () => {
  it('says that the node has no tokens', () =>
    assert.match(pageOf(snapshot({ tokens: [] })), /No tokens on this node\./));
  it('says that the first scan has not completed', () => {
    assert.match(
      pageOf(snapshot({ tokens: [], scannedAt: undefined })),
      /The first full scan has not completed yet\./,
    );
  });
  it('says that the pods cannot be listed, and why', () => {
    const unreadable = [
      { podUid: '', volume: '', path: '', reason: 'vanished', detail: '/x/pods: <gone>' },
    ] as const;
    assert.match(
      pageOf(snapshot({ tokens: [], unreadable, scannedAt: undefined })),
      /<p class="warn">Cannot list the pods: \/x\/pods: &lt;gone&gt;<\/p>/,
    );
  });
  it('says that no tokens match the filter, and keeps the filter', () => {
    const page = pageOf(snapshot(), { filter: { ...NO_FILTER, text: 'absent' } });
    assert.match(page, /No tokens match this filter\./);
    assert.match(page, /value="absent"/);
    assert.match(page, /href="tokens\?q=absent"/);
  });
});

describe('the status page of a node with problems', () => {
  const of = troubledNode();
  const page = pageOf(of);

  it('shows the commands that explain the pod of each problem', () => {
    const exec = 'kubectl exec -n payments fresh -- sa-token-exporter explain payments/expired';
    const plugin = 'kubectl satoken explain payments/expired';
    assert.ok(page.includes(`In a terminal: <code>${plugin}</code> or <code>${exec}</code>`));
    const blocks = page.split('<details>').slice(1);
    assert.deepEqual(
      blocks.filter((block) => !block.includes('-- sa-token-exporter explain ')),
      [],
    );
  });

  it('says how many tokens have problems, and which data is missing', () => {
    assert.match(
      page,
      /<p>Tokens with problems: <b class=bad>\d+ critical<\/b>, <b class=warn>\d+ warning<\/b>, <b class=calm>\d+ info<\/b>\. \d+ tokens, 3 unreadable\.<\/p>/,
    );
    assert.ok(page.includes('<b class=warn>No current data from the API server: tokenreviews.</b>'));
  });
  it('counts every problem by severity and links to its tokens', () => {
    for (const [reason, counts] of of.bySeverity) {
      const [, row = ''] =
        new RegExp(`<a href="\\?problem=${reason}">${reason}</a></dt><dd>(.*?)</dd>`).exec(page) ?? [];
      const expected = [...counts].filter(([, count]) => count > 0);
      assert.equal(
        row.replace(/<[^>]+>/g, ''),
        expected.map(([severity, count]) => `${count} ${severity}`).join(', '),
        reason,
      );
    }
  });
  it('lists the most severe problems first', () => {
    const [, card = ''] = /<h2 id="problems">(.*?)<\/section>/s.exec(page) ?? [];
    const tones = [...card.matchAll(/<dd><b class=(\w+)>/g)].map(([, tone]) => tone);
    assert.deepEqual(
      tones,
      tones.toSorted((a = '', b = '') => rank(a) - rank(b)),
    );
    assert.equal(tones[0], 'bad');
  });
  it('counts every state and links to its tokens', () => {
    for (const [state, count] of of.byState)
      assert.equal(page.includes(`?state=${state}">${state}</a></dt><dd>${count}</dd>`), count > 0, state);
  });
  it('shows why each overdue token was not rotated', () => {
    const reasons: readonly string[] = REASONS;
    const shown = OVERDUE_CAUSES.filter((cause) => page.includes(`cause ${cause}`));
    const found = OVERDUE_CAUSES.filter((cause) =>
      [...of.causes.values()].some((one) => one.cause === cause),
    );
    assert.deepEqual(
      shown,
      found.filter((cause) => !reasons.includes(cause)),
    );
    for (const cause of found) assert.ok(page.includes(cause), cause);
  });

  it('shows how a token is read, if that is known', () => {
    assert.match(page, /<b class=good>fresh<\/b><i>rereads<\/i>/);
    assert.equal(page.match(/rereads/g)?.length, 1);
  });

  it('shows a failing check rather than the state of its token, and since when it fails', () => {
    assert.match(page, /<b class=bad>pod_mismatch<\/b><i>critical, at least since [^<;]+; state fresh<\/i>/);
    assert.doesNotMatch(page, /<b class=(?:bad|warn)>(?:fresh|refresh_due)</);
  });

  it('shows since when a token is expired', () =>
    assert.match(page, /<b class=bad>expired<\/b><i>critical, since 1s ago; also rotation_overdue; cause /));
  it('shows each command apart from its comment, to be copied', () => {
    assert.match(
      page,
      /<li><code>systemctl restart kubelet<\/code> <i>requests every token of the node at once<\/i>/,
    );
    assert.doesNotMatch(page, / # /);
  });

  it('shows for each failure what is wrong, the evidence, every step and the runbook', () => {
    assert.match(
      page,
      /<details><summary><b class=warn>stale<\/b> \(warning\): [^<]+<\/summary><p>Evidence: [^<]+<\/p><ol>(?:<li>(?:<code>[^<]+<\/code> <i>[^<]+<\/i>)?[^<]*)+<\/ol><p>In a terminal: (?:(?: or )?<code>[^<]+<\/code>){2}<\/p><p>Runbook: <a href="https:\/\/wiki\.example\.com\/SATokenStale\.md" rel=noreferrer>SATokenStale<\/a>/,
    );
  });
  it('shows evidence in full, as that of a copy that may last', () => {
    assert.match(page, /<p>Evidence: last read [^<]+; may hold a copy that [^<]+ at the latest/);
    assert.doesNotMatch(page, /<p>Evidence: [^<]*…/);
  });
  it('links to the runbook of every problem, and to no other site', () => {
    const checks = [...of.assessments.flatMap(({ failures }) => failures), ...of.missingTokens];
    const { unreadable, apiServer } = OTHER_RUNBOOKS;
    const runbooks = [...checks.map(({ check }) => check.runbook), unreadable, apiServer];
    const links = [...page.matchAll(/<a href="(https?:[^"]+)" rel=noreferrer>/g)].map(([, url]) => url);
    assert.deepEqual(new Set(links), new Set(runbooks.map((name) => `${WIKI}/${name}.md`)));
    assert.equal(page.match(/https?:\/\/wiki/g)?.length, links.length);
  });
  it('lists missing tokens and unreadable objects', () => {
    assert.match(page, /Missing tokens.*<b>missing<\/b> vault-token\/vault-token<details>/s);
    assert.match(page, /uid-1\/v\/token: <b class=warn>permission_denied<\/b> <i>permission denied<\/i>/);
  });
  it('shows the state of each resource of the API server and of the canary', () => {
    assert.match(page, /<dt>tokenreviews<\/dt><dd><b class=warn>forbidden<\/b>/);
    assert.match(page, /<dt>canary<\/dt><dd><b class=good>fresh<\/b>/);
  });
  it('lists tokens by severity', () => {
    const states = [...page.matchAll(/<td><b class=(\w+)>(\w+)<\/b>/g)].map(([, tone]) => tone);
    assert.deepEqual(
      states,
      states.toSorted((a = '', b = '') => rank(a) - rank(b)),
    );
    assert.deepEqual(new Set(states), new Set(['bad', 'warn', 'calm', 'good']));
  });
});

describe('the status page of an exporter that does not see its own tokens', () => {
  const self = { podUid: 'uid-of-no-pod', mountedToken: undefined };
  const page = pageOf(snapshot({ facts: { cluster: NO_CLUSTER, self } }));

  it('links to each runbook once', () => {
    for (const name of [OTHER_RUNBOOKS.selfCheck, OTHER_RUNBOOKS.canary])
      assert.equal(page.split(`${WIKI}/${name}.md`).length, 2, name);
  });
});

function rank(tone: string): number {
  return ['bad', 'warn', 'calm', 'good'].indexOf(tone);
}

describe('the status page with unusual times', () => {
  for (const { what, of, shows } of [
    { what: 'a token that never expires', of: legacyToken(), shows: /<td>never<td>never<td>unknown<td>/ },
    {
      what: 'a token that the API server extended',
      of: token({ claims: { expiresAt: NOW + 365 * 86_400, warnAfter: NOW + 3_607 } }),
      shows: /<td>in 1h0m<td>/,
    },
    {
      what: 'an extended token past its requested lifetime',
      of: token({ claims: { issuedAt: NOW - 4_000, expiresAt: NOW + 365 * 86_400, warnAfter: NOW - 393 } }),
      shows: /Extended by the API server; expires in 365d0h\./,
    },
    {
      what: 'until when an extended token is accepted, once its requested lifetime has passed',
      of: token({ claims: { issuedAt: NOW - 4_000, expiresAt: NOW + 365 * 86_400, warnAfter: NOW - 393 } }),
      shows: /<td>in 365d0h<i>requested: 6m33s ago<\/i><td>/,
    },
    {
      what: 'a token that expires in the distant future',
      of: token({ claims: { issuedAt: 0, expiresAt: Number.MAX_SAFE_INTEGER } }),
      shows: /<meter aria-hidden=true value=0>/,
    },
    {
      what: 'a token that expires before it is issued',
      of: token({ claims: { issuedAt: NOW, expiresAt: NOW - 1 } }),
      shows: /<td>0s ago<td>/,
    },
  ])
    it(`shows ${what}`, () => assert.match(pageOf(snapshot({ tokens: [of] })), shows));

  it('shows a time outside of the range of dates as a number', () => {
    assert.match(pageOf(snapshot({ scannedAt: 1e300 })), /at 1e\+300\./);
  });

  it('does not highlight the expired token of a terminating pod', () => {
    const late = token({ claims: { issuedAt: NOW - 700, expiresAt: NOW - 100 } });
    const pods = new Map([[POD_UID, podFacts({ isTerminating: true })]]);
    const cluster = clusterAround(late, { pods });
    const page = pageOf(snapshot({ tokens: [late], facts: { cluster, self: undefined } }));
    assert.match(page, /<b class=calm>expired<\/b><i>cause pod_terminating<\/i>/);
  });
});

/**
 * The text and the exit code of `explain`.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EXIT } from '../../src/cli/command.ts';
import { explain } from '../../src/cli/explain.ts';
import type { CheckResult } from '../../src/core/assessment.ts';
import { fail, PASS, unknown, type Verdict } from '../../src/core/checks/check.ts';
import { CHECKS } from '../../src/core/checks/index.ts';
import type { ClusterFacts, Review } from '../../src/core/cluster-facts.ts';
import { NEW_HISTORY } from '../../src/core/history.ts';
import type { Unreadable } from '../../src/core/observation.ts';
import { ALWAYS } from '../../src/core/problems/severity.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import type { TokenClaims } from '../../src/core/token/token.ts';
import { clusterAround, podFacts } from '../support/cluster.ts';
import { snapshot, troubledNode } from '../support/snapshots.ts';
import { facts, ISSUER, legacyToken, NOW, POD_UID, policy, token } from '../support/tokens.ts';

const WIKI = 'https://wiki.example.com';

function explained(pod: string, of: Snapshot): ReturnType<typeof explain> {
  return explain(pod, of, WIKI);
}

const expired = token({ claims: { expiresAt: NOW } });
const DENIED: Unreadable = {
  podUid: POD_UID,
  volume: 'vault',
  path: 'token',
  reason: 'permission_denied',
  detail: 'permission denied',
};

/** The advice on a pod of this name that is not on the node. */
function absent(namespace: string, name: string): string {
  return `It is on another node, or it was never created: the API server rejects a pod whose service account does not exist.
  kubectl get pod ${name} -n ${namespace} -o wide  # which node?
  kubectl get events -n ${namespace} --field-selector reason=FailedCreate  # "error looking up service account": create it
Runbook: ${WIKI}/SATokenPodNotCreated.md
`;
}

/** A check that only this test has. */
function checkNamed(reason: string): CheckResult['check'] {
  return {
    reason: reason as CheckResult['check']['reason'],
    summary: 'Something is wrong.',
    severities: { warning: ALWAYS },
    appliesTo: ['kubelet'],
    runbook: 'SATokenTest',
    judge: () => PASS,
    fix: ({ identity }) => [`look at ${identity.namespace}/${identity.pod}`, 'fix it'],
  };
}

describe('explain', () => {
  it('says nothing of the checks of reads, which one look at the node cannot make', () => {
    assert.doesNotMatch(explained('payments/api-0', snapshot()).text, /unread|not_reread/);
  });

  for (const [title, pod] of [
    ['name', 'api-0'],
    ['namespace and name', 'payments/api-0'],
    ['uid', POD_UID],
  ] as const) {
    it(`finds a pod by its ${title}`, () => {
      const { text, exit } = explained(pod, snapshot());
      assert.match(text, /^payments\/api-0: vault-token\/vault-token$/m);
      assert.equal(exit, EXIT.ok);
    });
  }

  it('shows all tokens of the pod, including those that do not name it', () => {
    const { text } = explained('payments/api-0', snapshot({ tokens: [token(), legacyToken()] }));
    assert.match(text, /^payments\/api-0: vault-token\/vault-token$/m);
    assert.match(text, /^payments\/api-0: api-token\/token$/m);
  });

  it('shows nothing of other pods', () => {
    const other = token({ identity: { pod: 'other', podUid: 'uid-other' } });
    const denied = { ...DENIED, podUid: 'uid-other' };
    const { text } = explained('api-0', snapshot({ tokens: [token(), other], unreadable: [denied] }));
    assert.doesNotMatch(text, /other/);
  });

  it('shows the fields of a token, then its checks: failed, unknown, passed', () => {
    const verdicts: readonly Verdict[] = [
      fail('it is so', 'critical'),
      PASS,
      unknown('a fact is missing'),
      PASS,
    ];
    const results = verdicts.map((verdict, index) => ({ check: checkNamed(`check_${index}`), verdict }));
    const [assessment] = snapshot({ tokens: [token({ lastRotation: undefined })] }).assessments;
    assert.ok(assessment);
    const { text } = explained('api-0', { ...snapshot(), assessments: [{ ...assessment, results }] });
    assert.equal(
      text,
      `payments/api-0: vault-token/vault-token
  kind, state         projected, fresh
  service account     api
  audience            vault
  expected            vault (the catalogue entry for Vault)
  issued              2026-11-24T00:26:40Z, 0s ago
  refresh due         2026-11-24T01:14:40Z, in 48m0s
  nominal expiration  2026-11-24T01:26:40Z, in 1h0m
  expiration          2026-11-24T01:26:40Z, in 1h0m
  last read           not observed by this command; with --reads.watch, in /tokens and in satoken_last_read_timestamp_seconds

  FAIL     check_0 (critical): Something is wrong.
           Evidence: it is so
           What to do:
           1. look at payments/api-0
           2. fix it
           Runbook: https://wiki.example.com/SATokenTest.md
  unknown  check_2: a fact is missing
  pass     check_1, check_3

`,
    );
  });
});

describe('explain, for a check that fails', () => {
  for (const check of CHECKS) {
    it(`shows the summary, the evidence, the steps and the runbook of ${check.reason}`, () => {
      const [assessment] = snapshot().assessments;
      assert.ok(assessment);
      const results = [{ check, verdict: fail('it is so', 'critical') }];
      const { text, exit } = explained('api-0', {
        ...snapshot(),
        assessments: [
          { ...assessment, results, failures: [{ check, detail: 'it is so', severity: 'critical' }] },
        ],
      });
      assert.ok(text.includes(`FAIL     ${check.reason} (critical): ${check.summary}\n`));
      assert.ok(text.includes('Evidence: it is so\n'));
      for (const [index, step] of check.fix(assessment.token).entries())
        assert.ok(text.includes(`  ${index + 1}. ${step}\n`), step);
      assert.ok(text.includes(`           Runbook: ${WIKI}/${check.runbook}.md\n`));
      assert.equal(exit, EXIT.failing);
    });
  }
});

describe('explain, with data from the API server', () => {
  const explainTroubled = (pod: string) => explained(pod, troubledNode());

  it('shows the evidence, the steps and the runbook of a missing token', () => {
    const { text, exit } = explainTroubled('payments/missing');
    assert.match(
      text,
      /FAIL {5}token_missing \(critical\): .*\n +Evidence: .*\n +What to do:\n +1\. kubectl describe pod missing -n payments.*\n(?: +\d\. .*\n)* +Runbook: https:\/\/wiki\.example\.com\/SATokenMissing\.md$/m,
    );
    assert.equal(exit, EXIT.failing);
  });

  it('shows why a pod requests no token, and does not fail', () => {
    const { text, exit } = explainTroubled('payments/tokenless');
    assert.match(
      text,
      /^payments\/tokenless: no token, automount_disabled_pod: its spec sets .*; remove that/,
    );
    assert.equal(exit, EXIT.ok);
  });

  it('shows why an overdue token was not rotated', () => {
    assert.match(
      explainTroubled('payments/overdue').text,
      /^ {2}why not rotated {5}kubelet_stalled: no pod on the node has received a token since/m,
    );
    assert.doesNotMatch(explainTroubled('payments/fresh').text, /why not rotated/);
  });
});

describe('explain, for a pod that the API server knows or does not', () => {
  const other = token({ identity: { pod: 'other', podUid: 'uid-other' } });
  const nameless = legacyToken({ identity: { podUid: 'uid-legacy' } });
  const explainListed = (pod: string, overrides: Partial<ClusterFacts> = {}, tokens = [other, nameless]) => {
    const bare = podFacts({ name: 'bare', uid: 'uid-bare', phase: 'Succeeded' });
    const cluster = clusterAround(token(), {
      pods: new Map(
        [podFacts(), bare, podFacts({ name: 'other', uid: 'uid-other' })].map((one) => [one.uid, one]),
      ),
      ...overrides,
    });
    return explained(
      pod,
      snapshot({ tokens, unreadable: [{ ...DENIED, podUid: 'uid-other' }], facts: { cluster } }),
    );
  };

  for (const [pod, advice] of [
    ['payments/nowhere', absent('payments', 'nowhere')],
    ['nowhere', absent('NAMESPACE', 'POD')],
    ['orders/api-0', absent('orders', 'api-0')],
    ['orders/$(reboot)', absent('NAMESPACE', 'POD')],
  ] as const)
    it(`says that ${pod} is not on this node, where to look for it, and nothing of other pods`, () => {
      const { text, exit } = explainListed(pod);
      assert.equal(text, `pod ${pod} is not on this node\n${advice}`);
      assert.equal(exit, EXIT.failing);
    });

  for (const pod of ['payments/bare', 'bare', 'uid-bare'])
    it(`says of ${pod} only that nothing is wrong with its tokens`, () => {
      const { text, exit } = explainListed(pod);
      assert.equal(text, 'payments/bare: no tokens on this node; none is missing or unreadable\n');
      assert.equal(exit, EXIT.ok);
    });

  it('shows legacy tokens of a pod that they do not name', () => {
    const mounted = legacyToken();
    const { text } = explainListed('payments/api-0', {}, [other, mounted]);
    assert.match(text, /^payments\/api-0: api-token\/token$/m);
    assert.doesNotMatch(text, /other/);
  });

  it('names the pods that it may be if the API server lists a pod that cannot be read', () => {
    const { text } = explainListed('payments/nowhere', { unreadable: new Set(['uid-odd']) });
    assert.match(text, /^It may be a pod whose[\s\S]*-- sa-token-exporter explain uid-legacy$/m);
    assert.doesNotMatch(text, /uid-other|other\b.*vault|could not read/);
  });

  it('does not depend on service accounts that cannot be read', () => {
    const { text } = explainListed('payments/nowhere', { unreadable: new Set(['payments/odd']) });
    assert.match(text, /^pod payments\/nowhere is not on this node\n/);
    assert.doesNotMatch(text, /may be one/);
  });
});

describe('explain, for a token that was reviewed', () => {
  const REJECTED: Review = { isAccepted: false, reason: 'other' };
  const last = (review: Review, claims: Partial<TokenClaims> = {}) => {
    const one = token({ identity: { volume: 'a', path: 'b' }, claims });
    const cluster = clusterAround(one, { reviews: new Map([[one, review]]) });
    return explained('api-0', snapshot({ tokens: [one], facts: { cluster } })).text.trimEnd();
  };
  const accepted = (isForApiServer: boolean): Review => ({ isAccepted: true, isForApiServer });

  it('ends with what an acceptance means', () =>
    assert.match(last(accepted(true)), /\n {2}accepted: a 403 is RBAC, not the token$/));
  it('speaks of a 403 if the spec of the pod states the audience of the API server', () =>
    assert.match(last(accepted(false), { audiences: [ISSUER] }), /\n {2}accepted: a 403 is RBAC/));
  it('does not speak of a 403 for a token that is not for the API server', () =>
    assert.match(
      last(accepted(false)),
      /\n {2}accepted: by the API server's TokenReview, for the token's own audience$/,
    ));
  it('does not say that the token is fine if a check fails', () =>
    assert.match(last(accepted(true), { expiresAt: NOW }), /FAIL[\s\S]*\n {2}accepted: by the API server$/));
  it('does not say so if the API server rejects the token', () =>
    assert.doesNotMatch(last(REJECTED), /accepted/));
});

describe('explain, for the start of a problem', () => {
  const facts = { history: NEW_HISTORY };

  it('states the time in the claims', () => {
    const { text } = explained('api-0', snapshot({ tokens: [expired], now: NOW + 90, facts }));
    assert.match(text, /\n {11}Since: 2026-11-24T00:26:40Z, 1m30s ago\n/);
  });
  it('states when the problem was first seen', () => {
    const { text } = explained('api-0', snapshot({ tokens: [token(), legacyToken()], facts }));
    assert.match(text, /\n {11}At least since: 2026-11-24T00:26:40Z, 0s ago\n/);
  });
  it('states nothing if the process has only just looked', () => {
    const { text } = explained('api-0', snapshot({ tokens: [token(), legacyToken()] }));
    assert.doesNotMatch(text, /since/i);
  });
});

describe('explain, for an audience that a rule does not allow', () => {
  it('names the rule to change', () => {
    const rule = {
      party: 'rule',
      audiences: ['ours'],
      origin: 'the rule at rules.yaml:2',
      matches: () => true,
    } as const;
    const takeSnapshot = createTakeSnapshot(policy({ audience: { rules: [rule], useCatalogue: true } }));
    const { text } = explained('api-0', takeSnapshot(facts(), NOW));
    assert.match(text, /^ +3\. if the audience is correct, change the rule at rules\.yaml:2$/m);
  });
});

describe('explain, for checks that do not fail', () => {
  it('lists those that pass on one line', () => {
    const { text } = explained('api-0', snapshot());
    assert.match(text, /^ {2}pass {5}expired, not_yet_valid, .*legacy_token/m);
    assert.doesNotMatch(text, /FAIL/);
  });

  it('shows why a check is unknown', () => {
    const { text, exit } = explained(
      'api-0',
      snapshot({ tokens: [token({ identity: { volume: 'mine' } })] }),
    );
    assert.match(text, /^ {2}unknown {2}audience_mismatch: expected audience unknown/m);
    assert.equal(exit, EXIT.ok);
  });
});

describe('explain, for a pod that no token names', () => {
  const nameless = legacyToken({ identity: { podUid: 'uid-legacy' } });

  it('says that no token names it', () => {
    const { text, exit } = explained('payments/nowhere', snapshot());
    assert.equal(
      text,
      `no token on this node names the pod payments/nowhere\n${absent('payments', 'nowhere')}`,
    );
    assert.equal(exit, EXIT.failing);
  });

  for (const { it: title, pod, isShown } of [
    {
      it: 'names pods with tokens of its namespace that name no pod',
      pod: 'payments/legacy-app',
      isShown: true,
    },
    { it: 'names them if no namespace is given', pod: 'legacy-app', isShown: true },
    { it: 'names none of another namespace', pod: 'orders/legacy-app', isShown: false },
    { it: 'names none if no name is given', pod: '', isShown: false },
    { it: 'names none if only a namespace is given', pod: 'payments/', isShown: false },
  ]) {
    it(title, () => {
      const { text, exit } = explained(pod, snapshot({ tokens: [token(), nameless] }));
      assert.equal(/-- sa-token-exporter explain uid-legacy$/m.test(text), isShown);
      assert.equal(/^It may be /m.test(text), isShown);
      assert.doesNotMatch(text, /api-0|api-token|FAIL/);
      assert.equal(exit, EXIT.failing);
    });
  }

  it('names a pod without a known name whose volume could not be read', () => {
    const { text, exit } = explained('api-0', snapshot({ tokens: [], unreadable: [DENIED] }));
    assert.match(text, new RegExp(`-- sa-token-exporter explain ${POD_UID}$`, 'm'));
    assert.doesNotMatch(text, /could not read/);
    assert.equal(exit, EXIT.unreadable);
  });

  it('shows just that if the whole node could not be read', () => {
    const lost = { ...DENIED, podUid: '', volume: '', path: '' };
    const { text, exit } = explained('api-0', snapshot({ tokens: [], unreadable: [lost] }));
    assert.match(
      text,
      /^could not read .*: permission_denied \(permission denied\)\nRunbook: https:\/\/wiki\.example\.com\/SATokenUnreadable\.md\n$/,
    );
    assert.equal(exit, EXIT.unreadable);
  });

  it('names five pods at most', () => {
    const tokens = Array.from({ length: 12 }, (_, index) =>
      legacyToken({ identity: { podUid: `uid-${index}` } }),
    );
    const { text } = explained('payments/legacy-app', snapshot({ tokens }));
    assert.equal([...text.matchAll(/-- sa-token-exporter explain uid-/g)].length, 5);
    assert.match(text, /\n {2}and 7 more; scan lists them\n/);
  });
});

describe('explain of a pod that has reached a limit', () => {
  it('links to the runbook of the limit', () => {
    const limit = { ...DENIED, reason: 'limit' as const };
    const { text } = explained(POD_UID, snapshot({ tokens: [], unreadable: [DENIED, limit] }));
    assert.match(text, /SATokenUnreadable\.md\nRunbook: .*\/SATokenLimitExceeded\.md\n$/);
  });
});

describe('explain exits with', () => {
  const cases = [
    { it: '0 if no check fails', at: {}, exit: EXIT.ok },
    { it: '1 if a check fails', at: { tokens: [token(), expired] }, exit: EXIT.failing },
    { it: '0 even if something else could not be read', at: { unreadable: [DENIED] }, exit: EXIT.ok },
    {
      it: '3 if nothing of the pod could be read',
      at: { tokens: [], unreadable: [DENIED] },
      exit: EXIT.unreadable,
    },
    {
      it: '3 if the node could not be read',
      at: { tokens: [], scannedAt: undefined },
      exit: EXIT.unreadable,
    },
  ];
  for (const { it: title, at, exit } of cases) {
    it(title, () => assert.equal(explained(POD_UID, snapshot(at)).exit, exit));
  }
});

describe('explain, for hostile names', () => {
  it('keeps each of them on its line', () => {
    const steering = 'a\x1b[2J\x9b1A\r\nb\u202ec';
    const hostile = token({
      claims: { audiences: [steering], issuer: steering },
      identity: { path: steering, volume: steering },
    });
    const plain = explained(POD_UID, snapshot({ tokens: [token()] })).text;
    const { text } = explained(
      POD_UID,
      snapshot({ tokens: [hostile], unreadable: [{ ...DENIED, path: steering }] }),
    );
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{C}/u);
    assert.ok(text.split('\n').length < plain.split('\n').length + 5);
    assert.doesNotMatch(explained(steering, snapshot()).text.replaceAll('\n', ''), /\p{C}/u);
  });
});

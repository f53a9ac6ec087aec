/**
 * What `explain` says of a pod: what is wrong, how that is known, what to do.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EXIT } from '../../src/cli/command.ts';
import { explain } from '../../src/cli/explain.ts';
import type { CheckResult } from '../../src/core/assessment.ts';
import { fail, PASS, unknown, type Verdict } from '../../src/core/checks/check.ts';
import { CHECKS } from '../../src/core/checks/index.ts';
import type { Unreadable } from '../../src/core/observation.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { snapshot, troubledNode } from '../support/snapshots.ts';
import { legacyToken, NOW, POD_UID, token } from '../support/tokens.ts';

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

/** A check that exists for this test alone. */
function checkNamed(reason: string): CheckResult['check'] {
  return {
    reason: reason as CheckResult['check']['reason'],
    summary: 'Something is wrong.',
    severity: 'warning',
    runbook: 'SATokenTest',
    judge: () => PASS,
    fix: ({ identity }) => [`look at ${identity.namespace}/${identity.pod}`, 'mend it'],
  };
}

describe('explain', () => {
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

  it('tells all tokens of the pod, those that do not name it among them', () => {
    const { text } = explained('payments/api-0', snapshot({ tokens: [token(), legacyToken()] }));
    assert.match(text, /^payments\/api-0: vault-token\/vault-token$/m);
    assert.match(text, new RegExp(`^payments/${POD_UID}: api-token/token$`, 'm'));
  });

  it('tells of no other pod', () => {
    const other = token({ identity: { pod: 'other', podUid: 'uid-other' } });
    const denied = { ...DENIED, podUid: 'uid-other' };
    const { text } = explained('api-0', snapshot({ tokens: [token(), other], unreadable: [denied] }));
    assert.doesNotMatch(text, /other/);
  });

  it('reads like this', () => {
    const verdicts: readonly Verdict[] = [fail('it is so'), PASS, unknown('nobody knows'), PASS];
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

  FAIL     check_0: Something is wrong.
           Evidence: it is so
           What to do:
           1. look at payments/api-0
           2. mend it
           Runbook: https://wiki.example.com/SATokenTest.md
  unknown  check_2: nobody knows
  pass     check_1, check_3

`,
    );
  });
});

describe('explain, of a check that fails,', () => {
  for (const check of CHECKS) {
    it(`${check.reason}: says what is wrong, the evidence, each step of the fix and its runbook`, () => {
      const [assessment] = snapshot().assessments;
      assert.ok(assessment);
      const results = [{ check, verdict: fail('it is so') }];
      const { text, exit } = explained('api-0', {
        ...snapshot(),
        assessments: [{ ...assessment, results, failures: [{ check, detail: 'it is so' }] }],
      });
      assert.ok(text.includes(`FAIL     ${check.reason}: ${check.summary}\n`));
      assert.ok(text.includes('Evidence: it is so\n'));
      for (const [index, step] of check.fix(assessment.token).entries())
        assert.ok(text.includes(`  ${index + 1}. ${step}\n`), step);
      assert.ok(text.includes(`           Runbook: ${WIKI}/${check.runbook}.md\n`));
      assert.equal(exit, EXIT.failing);
    });
  }
});

describe('explain, of what the API server knows,', () => {
  const told = (pod: string) => explained(pod, troubledNode());

  it('says what is missing, the evidence, each step of the fix and its runbook', () => {
    const { text, exit } = told('payments/missing');
    assert.match(
      text,
      /FAIL {5}token_missing: .*\n +Evidence: .*\n +What to do:\n +1\. kubectl describe pod missing -n payments.*\n(?: +\d\. .*\n)* +Runbook: https:\/\/wiki\.example\.com\/SATokenMissing\.md$/m,
    );
    assert.equal(exit, EXIT.failing);
  });

  it('says why a pod has no token, which is no failure, and what would give it one', () => {
    const { text, exit } = told('payments/tokenless');
    assert.match(
      text,
      /^payments\/tokenless: no token, automount_disabled_pod: its spec says .*; remove that/,
    );
    assert.equal(exit, EXIT.ok);
  });

  it('says why a late token is late', () => {
    assert.match(
      told('payments/overdue').text,
      /^ {2}not replaced since {2}unknown: cause not visible to the exporter/m,
    );
    assert.doesNotMatch(told('payments/fresh').text, /not replaced since/);
  });
});

describe('explain, of a check that does not fail,', () => {
  it('names those that pass in one line', () => {
    const { text } = explained('api-0', snapshot());
    assert.match(text, /^ {2}pass {5}expired, not_yet_valid, .*legacy_token/m);
    assert.doesNotMatch(text, /FAIL/);
  });

  it('says why it cannot be judged', () => {
    const { text, exit } = explained(
      'api-0',
      snapshot({ tokens: [token({ identity: { volume: 'mine' } })] }),
    );
    assert.match(text, /^ {2}unknown {2}audience_mismatch: expected audience unknown/m);
    assert.equal(exit, EXIT.ok);
  });
});

describe('explain, of a pod that no token names,', () => {
  const nameless = legacyToken({ identity: { podUid: 'uid-legacy' } });

  it('says so', () => {
    const { text, exit } = explained('payments/nobody', snapshot());
    assert.equal(text, 'no token on this node names a pod payments/nobody\n');
    assert.equal(exit, EXIT.failing);
  });

  for (const { it: title, pod, isTold } of [
    { it: 'tells tokens of its namespace that name no pod', pod: 'payments/legacy-app', isTold: true },
    { it: 'tells them where no namespace is given', pod: 'legacy-app', isTold: true },
    { it: 'tells none of another namespace', pod: 'orders/legacy-app', isTold: false },
    { it: 'tells none where no name is given', pod: '', isTold: false },
    { it: 'tells none where a namespace alone is given', pod: 'payments/', isTold: false },
  ]) {
    it(title, () => {
      const { text, exit } = explained(pod, snapshot({ tokens: [token(), nameless] }));
      assert.equal(/^payments\/uid-legacy: api-token\/token$/m.test(text), isTold);
      assert.equal(/may be its own, or of another pod/.test(text), isTold);
      assert.doesNotMatch(text, /api-0/);
      assert.equal(exit, EXIT.failing);
    });
  }

  it('tells what could not be read, which may be all it has', () => {
    const { text, exit } = explained('api-0', snapshot({ tokens: [], unreadable: [DENIED] }));
    assert.match(
      text,
      /could not read .*: permission_denied \(permission denied\)\nRunbook: https:\/\/wiki\.example\.com\/SATokenUnreadable\.md\n$/,
    );
    assert.equal(exit, EXIT.unreadable);
  });
});

describe('explain exits', () => {
  const cases = [
    { it: '0 where no check fails', at: {}, exit: EXIT.ok },
    { it: '1 where one fails', at: { tokens: [token(), expired] }, exit: EXIT.failing },
    { it: '0 beside what could not be read', at: { unreadable: [DENIED] }, exit: EXIT.ok },
    {
      it: '3 where nothing of it could be read',
      at: { tokens: [], unreadable: [DENIED] },
      exit: EXIT.unreadable,
    },
    {
      it: '3 where the node could not be read',
      at: { tokens: [], scannedAt: undefined },
      exit: EXIT.unreadable,
    },
  ];
  for (const { it: title, at, exit } of cases) {
    it(title, () => assert.equal(explained(POD_UID, snapshot(at)).exit, exit));
  }
});

describe('explain, of hostile names,', () => {
  it('keeps each on its line', () => {
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

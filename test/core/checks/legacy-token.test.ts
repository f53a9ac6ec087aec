/**
 * legacy_token: a legacy token from a Secret is mounted.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { legacyToken as legacyTokenCheck } from '../../../src/core/checks/legacy-token.ts';
import { legacyToken, token } from '../../support/tokens.ts';
import { testCases } from './cases.ts';

const withoutSecret = legacyToken({ claims: { secret: undefined } });

describe('legacy_token', () => {
  testCases('legacy_token', [
    { it: 'passes a projected token', status: 'pass', detail: '' },
    {
      it: 'passes a projected token in a Secret volume',
      token: token({ volumeKind: 'secret' }),
      status: 'pass',
      detail: '',
    },
    {
      it: 'fails a legacy token, and names its Secret',
      token: legacyToken(),
      status: 'fail',
      detail: 'from Secret api-token',
    },
    {
      it: 'fails a legacy token in a projected volume',
      token: legacyToken({ volumeKind: 'projected' }),
      status: 'fail',
      detail: 'from Secret api-token',
    },
    {
      it: 'fails a legacy token that names no Secret',
      token: withoutSecret,
      status: 'fail',
      detail: 'no expiration',
    },
  ]);

  it('has a placeholder in its commands if the token names no Secret', () => {
    const steps = legacyTokenCheck.fix(withoutSecret);
    assert.ok(steps.some((step) => step.startsWith('kubectl get secret SECRET -n payments ')));
  });
});

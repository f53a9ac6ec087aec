/**
 * Filters: parsed from a query string and applied to a snapshot.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { REASONS } from '../../../src/core/checks/index.ts';
import { TOKEN_STATES } from '../../../src/core/rotation.ts';
import { applyFilter, filterQuery, MAX_TEXT, NO_FILTER, parseFilter } from '../../../src/web/page/filter.ts';
import { troubledNode } from '../../support/snapshots.ts';

describe('parseFilter', () => {
  for (const { query, filter } of [
    { query: '', filter: NO_FILTER },
    { query: 'q=&problem=&state=', filter: NO_FILTER },
    { query: 'unknown=1', filter: NO_FILTER },
    { query: 'q=a+b%2Fc', filter: { ...NO_FILTER, text: 'a b/c' } },
    { query: 'q=one&q=two', filter: { ...NO_FILTER, text: 'one' } },
    { query: 'q=%', filter: { ...NO_FILTER, text: '%' } },
    { query: 'q=%ff', filter: { ...NO_FILTER, text: '\u{FFFD}' } },
    { query: `q=${'x'.repeat(MAX_TEXT)}`, filter: { ...NO_FILTER, text: 'x'.repeat(MAX_TEXT) } },
    ...REASONS.map((problem) => ({ query: `problem=${problem}`, filter: { ...NO_FILTER, problem } })),
    ...TOKEN_STATES.map((state) => ({ query: `state=${state}`, filter: { ...NO_FILTER, state } })),
  ]) {
    it(`parses "${query.slice(0, 40)}", and the same filter printed as a query`, () => {
      assert.deepEqual(parseFilter(query), { ok: true, value: filter });
      assert.deepEqual(parseFilter(filterQuery(filter)), { ok: true, value: filter });
    });
  }

  for (const { query, error } of [
    { query: `q=${'x'.repeat(MAX_TEXT + 1)}`, error: /^q must not be longer than 320 characters$/ },
    { query: 'problem=nope', error: /^problem must be one of: [a-z_, ]+$/ },
    { query: 'state=EXPIRED', error: /^state must be one of: [a-z_, ]+$/ },
    { query: 'state=__proto__', error: /^state must be one of/ },
    { query: 'state=%3Cscript%3E', error: /^[^<]+$/ },
  ]) {
    it(`rejects "${query.slice(0, 40)}" without repeating it`, () => {
      const parsed = parseFilter(query);
      assert.ok(!parsed.ok);
      assert.match(parsed.error, error);
    });
  }
});

describe('applyFilter', () => {
  const whole = troubledNode();
  const filtered = (query: string) => {
    const parsed = parseFilter(query);
    assert.ok(parsed.ok);
    const { assessments, missingTokens, observation } = applyFilter(whole, parsed.value);
    return {
      pods: assessments.map(({ token }) => token.identity.pod || token.identity.podUid),
      missing: missingTokens.map(({ identity }) => identity.pod),
      unreadable: observation.unreadable.length,
    };
  };

  it('returns the whole snapshot without a filter', () => {
    assert.deepEqual(applyFilter(whole, NO_FILTER), whole);
  });

  for (const { query, pods, missing = [], unreadable = 0 } of [
    { query: 'q=payments/stale', pods: ['stale'] },
    { query: 'q=PAYMENTS/STALE', pods: ['stale'] },
    { query: 'q=uid-legacy', pods: ['uid-legacy'] },
    { query: 'q=api-token/token', pods: ['uid-legacy'] },
    { query: 'q=canary', pods: ['fresh'] },
    { query: 'q=payments/missing', pods: [], missing: ['missing'] },
    { query: 'q=uid-1', pods: [], unreadable: 2 },
    { query: 'q=.*', pods: [] },
    { query: 'state=stale', pods: ['stale'] },
    { query: 'state=stale&q=expired', pods: [] },
    { query: 'problem=legacy_token', pods: ['uid-legacy'] },
    { query: 'problem=token_missing', pods: [], missing: ['missing'] },
    { query: 'problem=token_missing&state=fresh', pods: [] },
  ]) {
    it(`finds exactly the objects that match ${query}`, () =>
      assert.deepEqual(filtered(query), { pods, missing, unreadable }));
  }

  it('keeps the counts of the whole node', () => {
    const { byState, problems } = applyFilter(whole, { ...NO_FILTER, text: 'none' });
    assert.deepEqual([byState, problems], [whole.byState, whole.problems]);
  });
});

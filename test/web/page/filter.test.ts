/**
 * Which part of a node is asked for: what the address says, and what is left of a snapshot.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { REASONS } from '../../../src/core/checks/index.ts';
import { TOKEN_STATES } from '../../../src/core/rotation.ts';
import { MAX_TEXT, NO_FILTER, narrow, parseFilter } from '../../../src/web/page/filter.ts';
import { queryOf } from '../../../src/web/page/filter-form.ts';
import { troubledNode } from '../../support/snapshots.ts';

describe('a query', () => {
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
    it(`is read: ${query.slice(0, 40)}`, () => {
      assert.deepEqual(parseFilter(query), { ok: true, filter });
      assert.deepEqual(parseFilter(queryOf(filter)), { ok: true, filter });
    });
  }

  for (const { query, problem } of [
    { query: `q=${'x'.repeat(MAX_TEXT + 1)}`, problem: /^q is longer than 320$/ },
    { query: 'problem=nope', problem: /^problem must be one of: [a-z_, ]+$/ },
    { query: 'state=EXPIRED', problem: /^state must be one of: [a-z_, ]+$/ },
    { query: 'state=__proto__', problem: /^state must be one of/ },
    { query: 'state=%3Cscript%3E', problem: /^[^<]+$/ },
  ]) {
    it(`is refused, without an echo: ${query.slice(0, 40)}`, () => {
      const parsed = parseFilter(query);
      assert.ok(!parsed.ok);
      assert.match(parsed.problem, problem);
    });
  }
});

describe('a part of a node', () => {
  const whole = troubledNode();
  const part = (query: string) => {
    const parsed = parseFilter(query);
    assert.ok(parsed.ok);
    const { assessments, missingTokens, observation } = narrow(whole, parsed.filter);
    return {
      pods: assessments.map(({ token }) => token.identity.pod || token.identity.podUid),
      missing: missingTokens.map(({ identity }) => identity.pod),
      unreadable: observation.unreadable.length,
    };
  };

  it('is the whole where nothing is asked for', () => {
    assert.deepEqual(narrow(whole, NO_FILTER), whole);
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
    it(`is found by ${query}`, () => assert.deepEqual(part(query), { pods, missing, unreadable }));
  }

  it('leaves the counts those of the node', () => {
    const { byState, problems } = narrow(whole, { ...NO_FILTER, text: 'none' });
    assert.deepEqual([byState, problems], [whole.byState, whole.problems]);
  });
});

/**
 * Durations and instants as text.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatDuration, formatRelative } from '../../src/core/format.ts';
import { NOW } from '../support/tokens.ts';

describe('formatDuration', () => {
  const cases = [
    { seconds: 0, text: '0s' },
    { seconds: 0.999, text: '0s' },
    { seconds: 1, text: '1s' },
    { seconds: 59.9, text: '59s' },
    { seconds: 60, text: '1m0s' },
    { seconds: 3_599, text: '59m59s' },
    { seconds: 3_600, text: '1h0m' },
    { seconds: 3_607, text: '1h0m' },
    { seconds: 86_399, text: '23h59m' },
    { seconds: 86_400, text: '1d0h' },
    { seconds: 183_600, text: '2d3h' },
    { seconds: 31_536_000, text: '365d0h' },
    { seconds: -61, text: '1m1s' },
  ];
  for (const { seconds, text } of cases) {
    it(`formats ${seconds} s as ${text}`, () => assert.equal(formatDuration(seconds), text));
  }
});

describe('formatRelative', () => {
  const cases = [
    { after: -61, text: '1m1s ago' },
    { after: -0.5, text: '0s ago' },
    { after: 0, text: '0s ago' },
    { after: 0.5, text: 'in 0s' },
    { after: 3_600, text: 'in 1h0m' },
  ];
  for (const { after, text } of cases) {
    it(`formats an instant ${after} s from now as "${text}"`, () =>
      assert.equal(formatRelative(NOW, NOW + after), text));
  }
});

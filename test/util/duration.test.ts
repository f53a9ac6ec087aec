/**
 * Durations: what each notation accepts, and how durations and instants are shown.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  formatDuration,
  formatRelative,
  parseGoDuration,
  parsePrometheusDuration,
} from '../../src/util/duration.ts';

const NOW = 1_795_480_000;

const CASES = [
  { text: '', prometheus: undefined, go: undefined },
  { text: '0', prometheus: undefined, go: undefined },
  { text: '5', prometheus: undefined, go: undefined },
  { text: '0s', prometheus: 0, go: 0 },
  { text: '30s', prometheus: 30_000, go: 30_000 },
  { text: '90m', prometheus: 5_400_000, go: 5_400_000 },
  { text: '1h30m', prometheus: 5_400_000, go: 5_400_000 },
  { text: '1m30s', prometheus: 90_000, go: 90_000 },
  { text: '1d', prometheus: 86_400_000, go: undefined },
  { text: '1d2h3m4s', prometheus: 93_784_000, go: undefined },
  { text: '3m2h', prometheus: undefined, go: 7_380_000 },
  { text: '1m1m', prometheus: undefined, go: 120_000 },
  { text: '1.5s', prometheus: undefined, go: 1_500 },
  { text: '1.s', prometheus: undefined, go: undefined },
  { text: '.5s', prometheus: undefined, go: undefined },
  { text: '100ms', prometheus: undefined, go: 100 },
  { text: '500us', prometheus: undefined, go: 0.5 },
  { text: '500µs', prometheus: undefined, go: 0.5 },
  { text: '1000ns', prometheus: undefined, go: 0.001 },
  { text: '1s100ms', prometheus: undefined, go: 1_100 },
  { text: '-1s', prometheus: undefined, go: undefined },
  { text: '+1s', prometheus: undefined, go: undefined },
  { text: '1 s', prometheus: undefined, go: undefined },
  { text: '1S', prometheus: undefined, go: undefined },
  { text: '1w', prometheus: undefined, go: undefined },
  { text: '1s\n', prometheus: undefined, go: undefined },
  { text: '999999999s', prometheus: 999_999_999_000, go: 999_999_999_000 },
  { text: '1000000000s', prometheus: 1_000_000_000_000, go: undefined },
] as const;

describe('durations', () => {
  for (const { text, prometheus, go } of CASES) {
    it(`${JSON.stringify(text)} is ${prometheus ?? 'invalid'} ms in Prometheus's notation`, () =>
      assert.equal(parsePrometheusDuration(text), prometheus));
    it(`${JSON.stringify(text)} is ${go ?? 'invalid'} ms in Go's notation`, () =>
      assert.equal(parseGoDuration(text), go));
  }

  it('is infinite for more digits than a number can hold', () => {
    assert.equal(parsePrometheusDuration(`${'9'.repeat(400)}s`), Number.POSITIVE_INFINITY);
  });
});

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

/**
 * The two notations of durations: what each accepts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseGoDuration, parsePrometheusDuration } from '../../src/util/duration.ts';

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

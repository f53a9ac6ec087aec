/**
 * The text format and OpenMetrics, and the escaping of labels in both.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { escapeLabel, labelText } from '../../src/metrics/labels.ts';
import type { Metric } from '../../src/metrics/metric.ts';
import { createPrint, type Format, formatValue } from '../../src/metrics/text.ts';
import { printed } from '../support/exposition.ts';

const COUNTER: Metric = { name: 'x_total', type: 'counter', help: 'Some.', labels: [] };

function print(metric: Metric, format: 'text' | 'openmetrics'): string {
  return printed([{ metric, samples: [{ labels: '', value: 1 }] }], format);
}

describe('escapeLabel', () => {
  for (const { it: title, value, escaped } of [
    { it: 'leaves plain text', value: 'plain é漢😀 {}=,', escaped: 'plain é漢😀 {}=,' },
    { it: 'escapes quotes', value: 'a"b"', escaped: 'a\\"b\\"' },
    { it: 'escapes backslashes', value: '\\n\\', escaped: '\\\\n\\\\' },
    { it: 'escapes line feeds', value: '\n\n', escaped: '\\n\\n' },
    { it: 'leaves an empty value', value: '', escaped: '' },
  ]) {
    it(title, () => assert.equal(escapeLabel(value), escaped));
  }

  it('is reversible for any value', () => {
    const undo = (text: string) =>
      text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => undo(escapeLabel(value)) === value));
  });

  it('never produces an unescaped quote or line feed', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'a') }), (value) => {
        return /^(?:[^"\\\n]|\\["\\n])*$/.test(escapeLabel(value));
      }),
    );
  });
});

describe('labelText', () => {
  it('keeps the order given', () => assert.equal(labelText({ b: '1', a: '"' }), 'b="1",a="\\""'));
  it('is empty for no labels', () => assert.equal(labelText({}), ''));
});

describe('formatValue', () => {
  for (const [value, text] of [
    [0, '0'],
    [-0, '0'],
    [1.5, '1.5'],
    [1_795_480_173.5, '1795480173.5'],
    [1e21, '1e+21'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ] as const) {
    it(`prints ${text}`, () => assert.equal(formatValue(value), text));
  }
});

describe('createPrint', () => {
  it('prints the full name of a counter in the text format', () => {
    assert.equal(print(COUNTER, 'text'), '# HELP x_total Some.\n# TYPE x_total counter\nx_total 1\n');
  });

  it('prints a counter family without _total in OpenMetrics, and ends with # EOF', () => {
    assert.equal(print(COUNTER, 'openmetrics'), '# HELP x Some.\n# TYPE x counter\nx_total 1\n# EOF\n');
  });

  it('escapes HELP as each format requires', () => {
    const metric: Metric = { name: 'g', type: 'gauge', help: 'A "b" \\ c\nd.', labels: [] };
    assert.equal(print(metric, 'text').split('\n')[0], '# HELP g A "b" \\\\ c\\nd.');
    assert.equal(print(metric, 'openmetrics').split('\n')[0], '# HELP g A \\"b\\" \\\\ c\\nd.');
  });

  it('prints suffixes and labels', () => {
    const metric: Metric = { name: 'h', type: 'histogram', help: 'H.', labels: ['a'] };
    const samples = [{ labels: 'le="+Inf",a="1"', value: 2, suffix: '_bucket' }];
    assert.match(printed([{ metric, samples }], 'text'), /^h_bucket\{le="\+Inf",a="1"} 2$/m);
  });

  it('prints a family with a cache key again only after the key has changed', () => {
    const printFamilies = createPrint();
    const metric: Metric = { name: 'g', type: 'gauge', help: 'G.', labels: [] };
    const printedValue = (cacheKey: object, value: number, format: Format): string | undefined => {
      let text = '';
      const family = { metric, cacheKey, samples: [{ labels: '', value }] };
      printFamilies([family], format, (chunk) => {
        text += chunk.toString();
      });
      return /^g (\d)$/m.exec(text)?.[1];
    };
    const [first, second] = [{}, {}];
    assert.equal(printedValue(first, 1, 'text'), '1');
    assert.equal(printedValue(first, 2, 'text'), '1');
    assert.equal(printedValue(first, 3, 'openmetrics'), '3');
    assert.equal(printedValue(second, 4, 'text'), '4');
  });

  it('prints a family without samples, and an exposition without families', () => {
    assert.equal(
      printed([{ metric: COUNTER, samples: [] }], 'text'),
      '# HELP x_total Some.\n# TYPE x_total counter\n',
    );
    assert.equal(printed([], 'openmetrics'), '# EOF\n');
  });
});

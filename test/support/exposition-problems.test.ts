/**
 * The strict reader of expositions finds what a test must not miss.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { expositionProblems } from './exposition-problems.ts';

describe('expositionProblems', () => {
  for (const { it: title, text, problems } of [
    { it: 'accepts an exposition', text: '# HELP a A.\n# TYPE a gauge\na 1\na{b="c"} NaN\n', problems: [] },
    { it: 'accepts escaped labels', text: 'a{b="\\"\\\\\\n,}"} 1e+21\n', problems: [] },
    { it: 'finds a repeated series', text: 'a{b="c"} 1\na{b="c"} 2\n', problems: ['repeated: a{b="c"} 2'] },
    {
      it: 'finds a repeated series with labels in another order',
      text: 'a{b="c",d="e"} 1\na{d="e",b="c"} 1\n',
      problems: ['repeated: a{d="e",b="c"} 1'],
    },
    {
      it: 'finds a repeated comment',
      text: '# TYPE a gauge\n# TYPE a counter\n',
      problems: ['repeated: # TYPE a counter'],
    },
    { it: 'finds a repeated label', text: 'a{b="c",b="d"} 1\n', problems: ['malformed: a{b="c",b="d"} 1'] },
    { it: 'finds an unescaped quote', text: 'a{b="c"d"} 1\n', problems: ['malformed: a{b="c"d"} 1'] },
    { it: 'finds an unknown escape', text: 'a{b="\\t"} 1\n', problems: ['malformed: a{b="\\t"} 1'] },
    { it: 'finds a missing value', text: 'a\n', problems: ['malformed: a'] },
    { it: 'finds a value that is no number', text: 'a x\n', problems: ['malformed: a x'] },
    { it: 'finds an empty line', text: 'a 1\n\nb 1\n', problems: ['malformed: '] },
    { it: 'finds a missing end', text: 'a 1', problems: ['the exposition is cut off'] },
  ])
    it(title, () => assert.deepEqual(expositionProblems(text, 'text'), problems));

  it('demands the end of OpenMetrics', () => {
    assert.deepEqual(expositionProblems('a 1\n# EOF\n', 'openmetrics'), []);
    assert.deepEqual(expositionProblems('a 1\n', 'openmetrics'), ['the exposition is cut off']);
  });
});

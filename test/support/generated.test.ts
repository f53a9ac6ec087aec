import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { assertCurrent } from './generated.ts';

describe('assertCurrent', () => {
  it('passes if the file is what the generator writes', () => {
    assertCurrent('alerts/rules.yaml', 'same\n', 'same\n');
  });

  it('names the file, the command and the lines that differ', () => {
    assert.throws(() => assertCurrent('alerts/rules.yaml', 'kept\nold\n', 'kept\nnew\n'), {
      message: 'alerts/rules.yaml is stale: run npm run generate\n-old\n+new',
    });
  });

  it('fails if only the order of lines differs', () => {
    assert.throws(() => assertCurrent('alerts/rules.yaml', 'a\nb\n', 'b\na\n'), /is stale/);
  });
});

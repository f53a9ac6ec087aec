/**
 * The log lines about pods of another node.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createWrongNodeLog } from '../../src/app/wrong-node-log.ts';

const WRONG_NODE = { usedName: 'host', claimedName: 'node-1' };

describe('createWrongNodeLog', () => {
  it('logs a warning with the option to set, once, and the recovery', () => {
    const lines: string[] = [];
    const log = createWrongNodeLog({
      info: (message) => void lines.push(`info ${message}`),
      warn: (message, fields) => void lines.push(`warn ${message}: ${fields?.['problem']}`),
    });
    for (const wrongNode of [undefined, WRONG_NODE, { ...WRONG_NODE }, undefined, undefined])
      log({ wrongNode });
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? '', /^warn pods from the API server not used: .* set --node-name=node-1 /);
    assert.equal(lines[1], 'info the API server lists the pods of this node again');
  });
});

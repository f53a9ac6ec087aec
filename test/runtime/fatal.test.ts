/**
 * The message of an error that ends the process.
 */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { describe, it } from 'mocha';
import { fatalMessage } from '../../src/runtime/fatal.ts';

function thrownBy(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('the fatal message', () => {
  it('names what the operating system denied', () => {
    const error = thrownBy(() => mkdtempSync('/nowhere/a-'));
    assert.equal(fatalMessage(error), 'fatal: mkdtemp: no such file or directory');
  });

  it('names the kind and the place of any other error, and not its message', () => {
    const error = thrownBy(() => {
      throw new TypeError('a secret');
    });
    const message = fatalMessage(error);
    assert.match(message, /^fatal: TypeError .*fatal\.test\.ts:\d+:\d+\)?$/);
    assert.doesNotMatch(message, /secret/);
  });

  it('names the type of a value that is not an error', () => {
    assert.equal(fatalMessage('a secret'), 'fatal: string');
  });
});

/**
 * From errors of system calls to reasons, and no further: anything else that is thrown is a bug.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { READ_FAILURES } from '../../../src/core/observation.ts';
import { failureOf, unreadableAt } from '../../../src/sources/files/failures.ts';

function systemError(code: string): Error {
  return Object.assign(new Error('/pods/secret-name'), { code, syscall: 'open' });
}

describe('failureOf', () => {
  for (const { code, reason } of [
    { code: 'EACCES', reason: 'permission_denied' },
    { code: 'EPERM', reason: 'permission_denied' },
    { code: 'ENOENT', reason: 'vanished' },
    { code: 'ESTALE', reason: 'vanished' },
    { code: 'ELOOP', reason: 'bad_link' },
    { code: 'ENOTDIR', reason: 'not_a_directory' },
    { code: 'EISDIR', reason: 'not_a_file' },
    { code: 'ENXIO', reason: 'not_a_file' },
    { code: 'EIO', reason: 'io_error' },
    { code: 'EMFILE', reason: 'io_error' },
  ] as const) {
    it(`calls ${code} ${reason}`, () => {
      assert.deepEqual(failureOf(systemError(code)), { reason, detail: code });
      assert.ok(READ_FAILURES.includes(reason));
    });
  }

  it('calls what Node forbids permission_denied', () => {
    const forbidden = Object.assign(new Error('/pods/secret-name'), { code: 'ERR_ACCESS_DENIED' });
    const failure = { reason: 'permission_denied', detail: 'ERR_ACCESS_DENIED' };
    assert.deepEqual(failureOf(forbidden), failure);
  });

  it('throws on what no system call threw', () => {
    const bug = new TypeError('undefined is not a function');
    assert.throws(() => failureOf(bug), bug);
    const coded = Object.assign(new Error('a bug of Node'), { code: 'ERR_INTERNAL_ASSERTION' });
    assert.throws(() => failureOf(coded), coded);
  });
});

describe('unreadableAt', () => {
  it('leaves out what lies below the object', () => {
    const object = unreadableAt({ podUid: 'a' }, { reason: 'vanished', detail: 'ENOENT' });
    assert.deepEqual(object, { podUid: 'a', volume: '', path: '', reason: 'vanished', detail: 'ENOENT' });
  });
});

/**
 * System errors become reasons and details; any other error is a bug and is rethrown.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { READ_FAILURES } from '../../../src/core/observation.ts';
import { failureOf, unreadable } from '../../../src/sources/files/failures.ts';

function systemError(code: string): Error {
  return Object.assign(new Error('/pods/secret-name'), { code, syscall: 'open' });
}

describe('failureOf', () => {
  for (const { code, reason, detail } of [
    { code: 'EACCES', reason: 'permission_denied', detail: 'permission denied' },
    { code: 'EPERM', reason: 'permission_denied', detail: 'operation not permitted' },
    { code: 'ENOENT', reason: 'vanished', detail: 'no such file or directory' },
    { code: 'ESTALE', reason: 'vanished', detail: 'stale file handle' },
    { code: 'ELOOP', reason: 'bad_link', detail: 'symbolic link cannot be followed' },
    { code: 'ENOTDIR', reason: 'not_a_directory', detail: 'not a directory' },
    { code: 'EISDIR', reason: 'not_a_file', detail: 'not a regular file' },
    { code: 'ENXIO', reason: 'not_a_file', detail: 'not a regular file' },
    { code: 'EIO', reason: 'io_error', detail: 'system call failed with EIO' },
    { code: 'EMFILE', reason: 'io_error', detail: 'system call failed with EMFILE' },
  ] as const) {
    it(`returns ${reason} for ${code}`, () => {
      assert.deepEqual(failureOf(systemError(code)), { reason, detail });
      assert.ok(READ_FAILURES.includes(reason));
    });
  }

  it("returns permission_denied if Node's permission model denies access", () => {
    const denied = Object.assign(new Error('/pods/secret-name'), { code: 'ERR_ACCESS_DENIED' });
    const failure = { reason: 'permission_denied', detail: "denied by Node's permission model" };
    assert.deepEqual(failureOf(denied), failure);
  });

  it('rethrows an error that is not of a system call', () => {
    const bug = new TypeError('undefined is not a function');
    assert.throws(() => failureOf(bug), bug);
    const coded = Object.assign(new Error('a bug of Node'), { code: 'ERR_INTERNAL_ASSERTION' });
    assert.throws(() => failureOf(coded), coded);
  });
});

describe('unreadable', () => {
  it('leaves the parts below the object empty', () => {
    const failure = { reason: 'vanished', detail: 'no such file or directory' } as const;
    assert.deepEqual(unreadable({ podUid: 'a' }, failure), {
      podUid: 'a',
      volume: '',
      path: '',
      ...failure,
    });
  });
});

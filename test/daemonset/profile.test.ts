/**
 * The seccomp profile: existing system calls and correct flag masks.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { basename } from 'node:path';
import { describe, it } from 'mocha';
import { describeWith } from '../support/tools.ts';
import { daemonSetOf, render } from './manifests.ts';
import { ABSENT, DENIED, isDenied, PROFILE, PROFILE_FILE } from './profile.ts';

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const CLOEXEC = 0o2000000;
/** The clone flags of glibc for a thread. */
const THREAD = 0x3d0f00;
const CLONE_NEWUSER = 0x10000000;

describe('the seccomp profile', () => {
  for (const { title, name, flags, denied } of [
    { title: 'reading a file', name: 'openat', flags: O_RDONLY | CLOEXEC, denied: false },
    {
      title: 'reading with the flags of the exporter',
      name: 'openat',
      flags: O_NOFOLLOW | O_NONBLOCK | CLOEXEC,
      denied: false,
    },
    { title: 'listing a folder', name: 'openat', flags: O_DIRECTORY | CLOEXEC, denied: false },
    {
      title: 'writing, which the container runtime needs',
      name: 'openat',
      flags: O_WRONLY | CLOEXEC,
      denied: false,
    },
    { title: 'opening read-write', name: 'openat', flags: O_RDWR, denied: true },
    { title: 'creating a file', name: 'openat', flags: O_WRONLY | O_CREAT, denied: true },
    { title: 'truncating a file', name: 'openat', flags: O_TRUNC, denied: true },
    { title: 'creating a file with open', name: 'open', flags: O_WRONLY | O_CREAT, denied: true },
    { title: 'a thread', name: 'clone', flags: THREAD, denied: false },
    { title: 'a user namespace', name: 'clone', flags: CLONE_NEWUSER, denied: true },
    { title: 'opening a file by handle', name: 'open_by_handle_at', flags: 0, denied: true },
    { title: 'a mount', name: 'mount', flags: 0, denied: true },
    { title: 'starting the program', name: 'execve', flags: 0, denied: false },
  ]) {
    it(`${denied ? 'denies' : 'allows'} ${title}`, () => assert.equal(isDenied(name, flags), denied));
  }

  it('denies calls with an error and never kills the process', () => {
    assert.equal(PROFILE.defaultAction, 'SCMP_ACT_ALLOW');
    assert.ok(PROFILE.syscalls.every(({ action, errnoRet }) => action === 'SCMP_ACT_ERRNO' && errnoRet > 0));
    const operators = PROFILE.syscalls.flatMap(({ args }) => args ?? []).map(({ op }) => op);
    assert.deepEqual([...new Set(operators)], ['SCMP_CMP_MASKED_EQ']);
  });
});

describeWith(['strace'], 'the system calls of the seccomp profile', () => {
  const parses = (names: readonly string[]) =>
    spawnSync('strace', ['-qq', '-o', '/dev/null', '-e', `trace=${names.join(',')}`, 'true']).status === 0;
  /** The strace of Debian 12 does not know newer calls. */
  const isKnown = (name: string) => name !== 'fchmodat2';

  it('exist', () => assert.ok(parses([...DENIED, ...ABSENT].filter(isKnown))));
  it('are checked for names that do not exist', () =>
    assert.ok(!parses(['open_by_handle_at', 'open_by_magic'])));
});

describeWith(['kubectl'], 'the overlay with the seccomp profile', () => {
  it('refers to the file name of the profile', () => {
    const { securityContext } = daemonSetOf(render('daemonset/overlays/seccomp')).spec.template.spec;
    assert.deepEqual(securityContext.seccompProfile, {
      type: 'Localhost',
      localhostProfile: basename(PROFILE_FILE),
    });
  });
});

/**
 * The seccomp profile: existing system calls and correct conditions for arguments.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants, readFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { basename } from 'node:path';
import { describe, it } from 'mocha';
import { describeWith } from '../support/tools.ts';
import { daemonSetOf, render } from './manifests.ts';
import { ALLOWED, isAllowed, PROFILE, PROFILE_FILE } from './profile.ts';

const { errno } = osConstants;

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const CLOEXEC = 0o2000000;
const TMPFILE = 0o20200000;
/** The clone flags of glibc for a thread. */
const THREAD = 0x3d0f00;
const CLONE_NEWUSER = 0x10000000;
const SIGCHLD = 17;
const [UNIX, INET, INET6, NETLINK, ALG, PACKET, VSOCK] = [1, 2, 10, 16, 38, 17, 40];

const CASES: readonly (readonly [
  title: string,
  isAllowed: boolean,
  name: string,
  args: readonly number[],
])[] = [
  ['reading a file', true, 'openat', [0, 0, O_RDONLY | CLOEXEC]],
  ['reading with the flags of the exporter', true, 'openat', [0, 0, O_NOFOLLOW | O_NONBLOCK | CLOEXEC]],
  ['listing a folder', true, 'openat', [0, 0, O_DIRECTORY | CLOEXEC]],
  ['writing, which the container runtime needs', true, 'openat', [0, 0, O_WRONLY | CLOEXEC]],
  ['opening read-write', false, 'openat', [0, 0, O_RDWR]],
  ['creating a file', false, 'openat', [0, 0, O_WRONLY | O_CREAT]],
  ['truncating a file', false, 'openat', [0, 0, O_WRONLY | O_TRUNC]],
  ['a temporary file', false, 'openat', [0, 0, O_WRONLY | TMPFILE]],
  ['creating a file with open', false, 'open', [0, O_WRONLY | O_CREAT]],
  ['flags that cannot be checked', false, 'openat2', []],
  ['a thread', true, 'clone', [THREAD]],
  ['a process', false, 'clone', [SIGCHLD]],
  ['a user namespace', false, 'clone', [CLONE_NEWUSER | SIGCHLD]],
  ['a thread whose flags cannot be checked', false, 'clone3', []],
  ['a Unix socket', true, 'socket', [UNIX]],
  ['IPv4', true, 'socket', [INET]],
  ['IPv6', true, 'socket', [INET6]],
  ['routing information', true, 'socket', [NETLINK, 0, 0]],
  ['other information of the kernel', false, 'socket', [NETLINK, 0, 9]],
  ['the sockets of other kernel subsystems', false, 'socket', [ALG]],
  ['raw packets', false, 'socket', [PACKET]],
  ['the hypervisor', false, 'socket', [VSOCK]],
  ['opening a file by handle', false, 'open_by_handle_at', []],
  ['a mount', false, 'mount', []],
  ['removing a file', false, 'unlinkat', []],
  ['tracing a process', false, 'ptrace', []],
  ['io_uring', false, 'io_uring_setup', []],
  ['starting the program', true, 'execve', []],
];

/**
 * The names of the system calls of Linux 6.1 for an architecture, from `asm/unistd_64.h` and, with what arm64 defines,
 * `asm-generic/unistd.h`. `aarch64-seen` are those that the exporter made with the arm64 build of Node 26.10.0, which
 * `qemu-aarch64 -strace` printed: start, a token, metrics, page and JSON over TLS with and without compression, end.
 */
function syscallsOf(architecture: 'x86_64' | 'aarch64' | 'aarch64-seen'): readonly string[] {
  const list = new URL(`../fixtures/syscalls/${architecture}.txt`, import.meta.url);
  return readFileSync(list, 'utf8').trim().split('\n');
}

/** What the C library calls on arm64 instead. */
const ON_ARM64: Readonly<Record<string, string | undefined>> = {
  access: 'faccessat',
  arch_prctl: undefined,
  dup2: 'dup3',
  epoll_create: 'epoll_create1',
  epoll_wait: 'epoll_pwait',
  eventfd: 'eventfd2',
  getpgrp: 'getpgid',
  inotify_init: 'inotify_init1',
  lstat: 'newfstatat',
  open: 'openat',
  pipe: 'pipe2',
  poll: 'ppoll',
  readlink: 'readlinkat',
  select: 'pselect6',
  stat: 'newfstatat',
  time: 'clock_gettime',
};

describe('the seccomp profile', () => {
  for (const [title, expected, name, args] of CASES)
    it(`${expected ? 'allows' : 'denies'} ${title}`, () => assert.equal(isAllowed(name, args), expected));

  it('denies everything else with an error after which libraries fall back to other calls', () => {
    assert.deepEqual([PROFILE.defaultAction, PROFILE.defaultErrnoRet], ['SCMP_ACT_ERRNO', errno.ENOSYS]);
    assert.ok(PROFILE.syscalls.every(({ action }) => action === 'SCMP_ACT_ALLOW'));
  });

  it('allows a call in one rule, or with certain arguments only', () => {
    const always = PROFILE.syscalls.filter(({ args }) => args === undefined).flatMap(({ names }) => names);
    const limited = PROFILE.syscalls.filter(({ args }) => args !== undefined).flatMap(({ names }) => names);
    assert.deepEqual(always, [...new Set(always)]);
    assert.deepEqual(
      limited.filter((name) => always.includes(name)),
      [],
    );
  });

  it('is for the architecture of the node alone, not for others that its kernel emulates', () => {
    assert.deepEqual(Object.keys(PROFILE).sort(), ['defaultAction', 'defaultErrnoRet', 'syscalls']);
  });

  it('names calls of both architectures of the image, and no others', () => {
    const known = [...syscallsOf('x86_64'), ...syscallsOf('aarch64')];
    assert.deepEqual(
      ALLOWED.filter((name) => !known.includes(name)),
      [],
    );
  });

  it('allows what the exporter was seen to call on arm64', () => {
    const seen = syscallsOf('aarch64-seen');
    assert.ok(seen.includes('pread64') && seen.includes('epoll_pwait'));
    assert.deepEqual(
      seen.filter((name) => !ALLOWED.includes(name)),
      [],
    );
  });

  it('allows what libraries use on arm64 for each call that only x86-64 has', () => {
    const arm64 = syscallsOf('aarch64');
    const missing = ALLOWED.filter((name) => !arm64.includes(name));
    assert.deepEqual(missing, Object.keys(ON_ARM64).sort());
    for (const [name, other] of Object.entries(ON_ARM64))
      if (other !== undefined)
        assert.ok(ALLOWED.includes(other) && arm64.includes(other), `${name}: ${other}`);
  });
});

describeWith(['strace'], 'the system calls of the seccomp profile', () => {
  const parses = (names: readonly string[]) =>
    spawnSync('strace', ['-qq', '-o', '/dev/null', '-e', `trace=${names.join(',')}`, 'true']).status === 0;

  it('exist', () => assert.ok(parses(ALLOWED)));
  it('are checked for names that do not exist', () => assert.ok(!parses(['openat', 'open_by_magic'])));
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

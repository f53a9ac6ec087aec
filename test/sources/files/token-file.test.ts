/**
 * Reading one file of any content and kind: a token, other content, or a failure. Only regular files are opened for
 * reading, and none stays open.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import { createPodsRoot } from '../../../src/sources/files/pods/pods-root.ts';
import {
  type FileReading,
  MAX_TOKEN_BYTES,
  type Place,
  readTokenFile,
} from '../../../src/sources/files/token-file.ts';
import { jwt, NOW, rawBinding, rawClaims } from '../../support/tokens.ts';
import { describeWith } from '../../support/tools.ts';

let directory = '';
let file = '';
let device = 0;

function place(): Place {
  return { device, root: createPodsRoot(directory) };
}

/** Hooks at the top level of a file would run for all files. */
function useFreshState(): void {
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'satoken-file-'));
    file = join(directory, 'token');
    device = lstatSync(directory).dev;
  });
  beforeEach(() => rmSync(file, { recursive: true, force: true }));
  after(() => rmSync(directory, { recursive: true }));
}

function read({ isExpected = false } = {}): FileReading {
  return readTokenFile(file, place(), () => isExpected);
}

function readContent(content: string | Buffer, options?: { isExpected: boolean }): FileReading {
  writeFileSync(file, content);
  return read(options);
}

/** `token`, `other`, or the reason of the failure. */
function outcome(reading: FileReading): string {
  if (!reading.ok) return reading.error.reason;
  return 'other' in reading.value ? 'other' : 'token';
}

const TOKEN = jwt();
const [HEADER = '', PAYLOAD = ''] = TOKEN.split('.');
/** A JWT of another issuer, without a service account. */
const FOREIGN = jwt({ iss: 'https://login.example.com', sub: 'alice' });
const INVALID_CLAIM = jwt(rawClaims({ 'kubernetes.io': rawBinding({ namespace: 7 }) }));

describe('readTokenFile', () => {
  useFreshState();

  it('returns the claims, and the owner, mode and time of the file', () => {
    writeFileSync(file, TOKEN);
    chmodSync(file, 0o640);
    const reading = read();
    assert.ok(reading.ok && 'claims' in reading.value);
    assert.equal(reading.value.claims.issuedAt, NOW);
    const { mtimeMs, uid, gid } = statSync(file);
    assert.deepEqual(reading.value.file, { mode: 0o640, uid, gid, modifiedAt: mtimeMs / 1_000 });
  });

  for (const { it: title, content, unexpected, expected } of [
    { it: 'an empty file', content: '', unexpected: 'other', expected: 'empty' },
    { it: 'white space', content: ' \n', unexpected: 'other', expected: 'empty' },
    { it: 'a certificate', content: '-----BEGIN', unexpected: 'other', expected: 'not_a_jwt' },
    {
      it: 'binary content',
      content: Buffer.from([0xff, 0, 1]),
      unexpected: 'other',
      expected: 'not_a_jwt',
    },
    { it: 'a truncated token', content: TOKEN.slice(0, 50), unexpected: 'not_a_jwt', expected: 'not_a_jwt' },
    { it: 'two tokens', content: `${TOKEN}\n${TOKEN}`, unexpected: 'not_a_jwt', expected: 'not_a_jwt' },
    {
      it: 'a token of another issuer',
      content: FOREIGN,
      unexpected: 'other',
      expected: 'not_service_account',
    },
    {
      it: 'a token with an invalid claim',
      content: INVALID_CLAIM,
      unexpected: 'invalid_claim',
      expected: 'invalid_claim',
    },
  ]) {
    it(`returns ${unexpected} for ${title}, and ${expected} if a token is expected there`, () => {
      const reading = readContent(content);
      assert.equal(outcome(reading), unexpected);
      // The reason is not lost: a pod's spec may tell later that a token belongs there.
      if (reading.ok && 'other' in reading.value) assert.equal(reading.value.other.reason, expected);
      assert.equal(outcome(readContent(content, { isExpected: true })), expected);
    });
  }

  it('names the invalid claim and not its value', () => {
    const reading = readContent(INVALID_CLAIM);
    assert.ok(!reading.ok);
    assert.equal(reading.error.detail, 'claim kubernetes.io.namespace is missing or invalid');
  });

  it('checks whether a token is expected only if the file holds none', () => {
    writeFileSync(file, TOKEN);
    const reading = readTokenFile(file, place(), () => assert.fail('called'));
    assert.equal(outcome(reading), 'token');
  });

  it('does not mix the content of one file into the next', () => {
    readContent(`${TOKEN}${'A'.repeat(1_000)}`);
    assert.equal(outcome(readContent(`${HEADER}.`, { isExpected: true })), 'not_a_jwt');
    assert.equal(outcome(readContent('', { isExpected: true })), 'empty');
  });
});

describe('readTokenFile of a large file', () => {
  useFreshState();

  const filled = (start: string, length: number): string => start + 'A'.repeat(length - start.length);
  const signed = (length: number): string => filled(`${HEADER}.${PAYLOAD}.`, length);

  for (const { it: title, content, isExpected = false, expect } of [
    { it: 'reads a token of exactly the limit', content: signed(MAX_TOKEN_BYTES), expect: 'token' },
    {
      it: 'rejects a token one byte over the limit',
      content: signed(MAX_TOKEN_BYTES + 1),
      expect: 'too_large',
    },
    { it: 'rejects a token of 10 MiB', content: signed(10 * 1024 * 1024), expect: 'too_large' },
    {
      it: 'rejects a file that starts like a token and does not end within 10 MiB',
      content: filled('eyJ', 10 * 1024 * 1024),
      expect: 'too_large',
    },
    {
      it: 'rejects a payload that exceeds the limit',
      content: filled(`${HEADER}.eyJ`, 100_000),
      expect: 'too_large',
    },
    { it: 'returns other for data', content: filled('{"a":', 10 * 1024 * 1024), expect: 'other' },
    { it: 'returns other for a token of another issuer', content: filled(FOREIGN, 100_000), expect: 'other' },
    {
      it: 'returns not_a_jwt rather than too_large for data where a token is expected',
      content: filled('x', 100_000),
      isExpected: true,
      expect: 'not_a_jwt',
    },
    {
      it: 'returns not_service_account for a token of another issuer where a token is expected',
      content: filled(FOREIGN, 100_000),
      isExpected: true,
      expect: 'not_service_account',
    },
    {
      it: 'reports an invalid claim rather than the size',
      content: filled(INVALID_CLAIM, 100_000),
      expect: 'invalid_claim',
    },
  ]) {
    it(title, () => assert.equal(outcome(readContent(content, { isExpected })), expect));
  }
});

describe('readTokenFile of an object that is not a regular file', () => {
  useFreshState();

  const server = createServer();
  after(() => server.close());

  for (const { it: title, make, reason } of [
    { it: 'a missing file', make: () => undefined, reason: 'vanished' },
    { it: 'a directory', make: () => mkdirSync(file), reason: 'not_a_file' },
    { it: 'a FIFO without a writer', make: () => execFileSync('mkfifo', [file]), reason: 'not_a_file' },
    { it: 'a link', make: () => symlinkSync('/etc/passwd', file), reason: 'bad_link' },
    { it: 'a link to itself', make: () => symlinkSync('token', file), reason: 'bad_link' },
  ]) {
    it(`fails with ${reason} for ${title}`, () => {
      make();
      assert.equal(outcome(read({ isExpected: true })), reason);
    });
  }

  it('fails with not_a_file for a socket', async () => {
    await new Promise<void>((resolve) => server.listen(file, resolve));
    assert.equal(outcome(read({ isExpected: true })), 'not_a_file');
  });

  it('fails with bad_link for a file of another file system', () => {
    writeFileSync(file, TOKEN);
    assert.equal(outcome(readTokenFile(file, { ...place(), device: device + 1 }, () => true)), 'bad_link');
  });

  it('fails with bad_link for a file that a directory link leads to', () => {
    const elsewhere = join(directory, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'token'), TOKEN);
    const link = join(directory, 'link');
    symlinkSync(elsewhere, link);
    assert.equal(outcome(readTokenFile(join(link, 'token'), place(), () => true)), 'bad_link');
    rmSync(link);
  });

  it('closes every file, whether reading succeeds or fails', () => {
    const before = readdirSync('/proc/self/fd').length;
    for (const content of [TOKEN, '', 'eyJ', FOREIGN]) readContent(content, { isExpected: true });
    rmSync(file);
    read();
    execFileSync('mkfifo', [file]);
    read();
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });
});

describeWith(['root'], 'readTokenFile of a device', () => {
  useFreshState();

  it('fails with not_a_file', () => {
    execFileSync('mknod', [file, 'c', '1', '5']);
    assert.equal(outcome(read({ isExpected: true })), 'not_a_file');
  });
});

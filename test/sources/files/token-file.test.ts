/**
 * One file, of any content and kind: a token, somebody else's business, or a reason. Nothing else is ever opened for
 * reading, and nothing stays open.
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
import { type FileReading, MAX_TOKEN_BYTES, readTokenFile } from '../../../src/sources/files/token-file.ts';
import { jwt, NOW, rawBinding, rawClaims } from '../../support/tokens.ts';
import { describeWith } from '../../support/tools.ts';

let folder = '';
let file = '';
let device = 0;

/** The hooks of each suite here: at the top of a file they would be those of all files. */
function useFreshState(): void {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-file-'));
    file = join(folder, 'token');
    device = lstatSync(folder).dev;
  });
  beforeEach(() => rmSync(file, { recursive: true, force: true }));
  after(() => rmSync(folder, { recursive: true }));
}

function read({ isExpected = false } = {}): FileReading {
  return readTokenFile(file, device, () => isExpected);
}

function readContent(content: string | Buffer, options?: { isExpected: boolean }): FileReading {
  writeFileSync(file, content);
  return read(options);
}

function outcome(reading: FileReading): string {
  return reading.status === 'failed' ? reading.reason : reading.status;
}

const TOKEN = jwt();
const [HEADER = '', PAYLOAD = ''] = TOKEN.split('.');
/** A JWT of another issuer: speaks of no service account. */
const FOREIGN = jwt({ iss: 'https://login.example.com', sub: 'somebody' });
const BROKEN_CLAIM = jwt(rawClaims({ 'kubernetes.io': rawBinding({ namespace: 7 }) }));

describe('readTokenFile', () => {
  useFreshState();

  it('reads claims and what the file itself says', () => {
    writeFileSync(file, TOKEN);
    chmodSync(file, 0o640);
    const reading = read();
    assert.ok(reading.status === 'token');
    assert.equal(reading.claims.issuedAt, NOW);
    const { mtimeMs, uid, gid } = statSync(file);
    assert.deepEqual(reading.file, { mode: 0o640, uid, gid, modifiedAt: mtimeMs / 1_000 });
  });

  for (const { it: title, content, unexpected, expected } of [
    { it: 'nothing', content: '', unexpected: 'other', expected: 'empty' },
    { it: 'white space', content: ' \n', unexpected: 'other', expected: 'empty' },
    { it: 'a certificate', content: '-----BEGIN', unexpected: 'other', expected: 'not_a_jwt' },
    {
      it: 'bytes that are no text',
      content: Buffer.from([0xff, 0, 1]),
      unexpected: 'other',
      expected: 'not_a_jwt',
    },
    { it: 'a token cut short', content: TOKEN.slice(0, 50), unexpected: 'not_a_jwt', expected: 'not_a_jwt' },
    { it: 'two tokens', content: `${TOKEN}\n${TOKEN}`, unexpected: 'not_a_jwt', expected: 'not_a_jwt' },
    {
      it: 'a token of another issuer',
      content: FOREIGN,
      unexpected: 'other',
      expected: 'not_service_account',
    },
    {
      it: 'a token with a wrong claim',
      content: BROKEN_CLAIM,
      unexpected: 'invalid_claim',
      expected: 'invalid_claim',
    },
  ]) {
    it(`takes ${title} for ${unexpected}, where a token is meant to be for ${expected}`, () => {
      assert.equal(outcome(readContent(content)), unexpected);
      assert.equal(outcome(readContent(content, { isExpected: true })), expected);
    });
  }

  it('names the claim that is wrong, not what it holds', () => {
    const reading = readContent(BROKEN_CLAIM);
    assert.ok(reading.status === 'failed');
    assert.equal(reading.detail, 'claim kubernetes.io.namespace is missing or wrong');
  });

  it('asks whether a token is meant to be there only where there is none', () => {
    writeFileSync(file, TOKEN);
    const reading = readTokenFile(file, device, () => assert.fail('asked'));
    assert.equal(reading.status, 'token');
  });

  it('takes nothing of one file for part of the next', () => {
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
    { it: 'reads a token of just the limit', content: signed(MAX_TOKEN_BYTES), expect: 'token' },
    { it: 'refuses a token one byte over it', content: signed(MAX_TOKEN_BYTES + 1), expect: 'too_large' },
    { it: 'refuses a token of 10 MiB', content: signed(10 * 1024 * 1024), expect: 'too_large' },
    {
      it: 'refuses what begins as a token and does not end',
      content: filled('eyJ', 10 * 1024 * 1024),
      expect: 'too_large',
    },
    {
      it: 'refuses a payload that does not end',
      content: filled(`${HEADER}.eyJ`, 100_000),
      expect: 'too_large',
    },
    { it: "takes somebody's data for other", content: filled('{"a":', 10 * 1024 * 1024), expect: 'other' },
    { it: "takes somebody else's token for other", content: filled(FOREIGN, 100_000), expect: 'other' },
    {
      it: 'tells data in the place of a token as what it is',
      content: filled('x', 100_000),
      isExpected: true,
      expect: 'not_a_jwt',
    },
    {
      it: "tells somebody else's token in the place of one as what it is",
      content: filled(FOREIGN, 100_000),
      isExpected: true,
      expect: 'not_service_account',
    },
    {
      it: 'tells a wrong claim before the size',
      content: filled(BROKEN_CLAIM, 100_000),
      expect: 'invalid_claim',
    },
  ]) {
    it(title, () => assert.equal(outcome(readContent(content, { isExpected })), expect));
  }
});

describe('readTokenFile of what is no file', () => {
  useFreshState();

  const server = createServer();
  after(() => server.close());

  for (const { it: title, make, reason } of [
    { it: 'nothing', make: () => undefined, reason: 'vanished' },
    { it: 'a folder', make: () => mkdirSync(file), reason: 'not_a_file' },
    { it: 'a FIFO that nobody writes to', make: () => execFileSync('mkfifo', [file]), reason: 'not_a_file' },
    { it: 'a link', make: () => symlinkSync('/etc/passwd', file), reason: 'bad_link' },
    { it: 'a link to itself', make: () => symlinkSync('token', file), reason: 'bad_link' },
  ]) {
    it(`refuses ${title}`, () => {
      make();
      assert.equal(outcome(read({ isExpected: true })), reason);
    });
  }

  it('refuses a socket', async () => {
    await new Promise<void>((resolve) => server.listen(file, resolve));
    assert.equal(outcome(read({ isExpected: true })), 'not_a_file');
  });

  it('refuses a file of another file system', () => {
    writeFileSync(file, TOKEN);
    assert.equal(outcome(readTokenFile(file, device + 1, () => true)), 'bad_link');
  });

  it('leaves nothing open, however reading ended', () => {
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

  it('refuses it', () => {
    execFileSync('mknod', [file, 'c', '1', '5']);
    assert.equal(outcome(read({ isExpected: true })), 'not_a_file');
  });
});

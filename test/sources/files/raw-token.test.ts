/**
 * Reading a token file again: the raw token is available during one call, and only if it is the same token.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { decodeToken } from '../../../src/core/token/decode.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { createReadRaw } from '../../../src/sources/files/raw-token.ts';
import { jwt, POD_UID, rawClaims, token } from '../../support/tokens.ts';

const raw = jwt(rawClaims());
const decoded = decodeToken(Buffer.from(raw));
assert.ok(decoded.ok);
const { value: claims } = decoded;

describe('createReadRaw', () => {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-raw-'));
  const volume = join(rootDir, 'pods', POD_UID, 'volumes/kubernetes.io~projected/vault-token');
  const readRaw = createReadRaw(rootDir);
  const text = (bytes: Buffer): string => bytes.toString();
  const at = (path: string, overrides: Partial<Token['claims']> = {}): Token =>
    token({
      claims: { ...claims, ...overrides },
      identity: { volume: 'vault-token', path, podUid: POD_UID },
    });

  before(() => {
    const files = {
      'vault-token': raw,
      'sub/token': raw,
      other: jwt(rawClaims({ jti: 'another' })),
      garbage: '\xff',
    };
    for (const [path, content] of Object.entries(files)) {
      const file = join(volume, '..gen', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    symlinkSync('..gen', join(volume, '..data'));
    symlinkSync('..gen/other', join(volume, '..gen/link'));
  });
  after(() => rmSync(rootDir, { recursive: true }));

  for (const path of ['vault-token', 'sub/token'])
    it(`passes the content of ${path} to the caller`, () => assert.equal(readRaw(at(path), text), raw));

  it('wipes the content afterwards', () => {
    const kept = readRaw(at('vault-token'), (bytes) => bytes);
    assert.ok(kept && kept.length > 0 && kept.every((byte) => byte === 0));
  });

  for (const path of ['other', 'garbage', 'link', 'nowhere', 'sub', 'a\\x0ab'])
    it(`returns undefined if the token's path is ${path}`, () =>
      assert.equal(readRaw(at(path), text), undefined));

  it('returns undefined if another token has replaced the token', () => {
    assert.equal(readRaw(at('vault-token', { issuedAt: 1 }), text), undefined);
  });

  it('rethrows an error of the caller', () => {
    assert.throws(() => readRaw(at('vault-token'), () => assert.fail('a bug')), /a bug/);
  });

  it('returns undefined if the link ..data is missing', () => {
    const elsewhere = createReadRaw(join(rootDir, 'nowhere'));
    assert.equal(elsewhere(at('vault-token'), text), undefined);
  });
});

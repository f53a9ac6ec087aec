/**
 * A token that is read once more, for the time of one call.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { decodeToken } from '../../../src/core/decode.ts';
import type { Token } from '../../../src/core/token.ts';
import { createReadRaw } from '../../../src/sources/files/raw-token.ts';
import { readOwnToken } from '../../../src/sources/self/exporter-token.ts';
import { jwt, POD_UID, rawClaims, token } from '../../support/tokens.ts';

const raw = jwt(rawClaims());
const decoded = decodeToken(Buffer.from(raw));
assert.ok(decoded.ok);
const { value: claims } = decoded;

describe('a token read once more', () => {
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
    it(`is lent from ${path}`, () => assert.equal(readRaw(at(path), text), raw));

  it('is wiped afterwards', () => {
    const kept = readRaw(at('vault-token'), (bytes) => bytes);
    assert.ok(kept && kept.length > 0 && kept.every((byte) => byte === 0));
  });

  for (const path of ['other', 'garbage', 'link', 'nowhere', 'sub', 'a\\x0ab'])
    it(`is not what lies at ${path}`, () => assert.equal(readRaw(at(path), text), undefined));

  it('is not the one that took its place', () => {
    assert.equal(readRaw(at('vault-token', { issuedAt: 1 }), text), undefined);
  });

  it('lets through what the caller throws', () => {
    assert.throws(() => readRaw(at('vault-token'), () => assert.fail('a bug')), /a bug/);
  });

  it('is found through the links of the own mount', () => {
    symlinkSync('..data/vault-token', join(volume, 'vault-token'));
    assert.deepEqual(readOwnToken(join(volume, 'vault-token')), claims);
    assert.equal(readOwnToken(join(volume, '..gen/garbage')), undefined);
    assert.equal(readOwnToken(join(volume, 'nowhere')), undefined);
  });
});

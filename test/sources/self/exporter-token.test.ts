/**
 * The exporter's token, read from the exporter's own mount.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { decodeToken } from '../../../src/core/token/decode.ts';
import { readNewestToken, readOwnToken } from '../../../src/sources/self/exporter-token.ts';
import { jwt, NOW, rawClaims } from '../../support/tokens.ts';

describe('readOwnToken', () => {
  const volume = mkdtempSync(join(tmpdir(), 'satoken-own-'));
  const raw = jwt(rawClaims());

  before(() => {
    mkdirSync(join(volume, '..gen'));
    writeFileSync(join(volume, '..gen/token'), raw);
    writeFileSync(join(volume, '..gen/garbage'), '\xff');
    symlinkSync('..gen', join(volume, '..data'));
    symlinkSync('..data/token', join(volume, 'token'));
  });
  after(() => rmSync(volume, { recursive: true }));

  it('reads the token through the links of the mount', () => {
    const decoded = decodeToken(Buffer.from(raw));
    assert.ok(decoded.ok);
    assert.deepEqual(readOwnToken(join(volume, 'token')), decoded.value);
  });

  it('returns undefined if the file holds no token', () => {
    assert.equal(readOwnToken(join(volume, '..gen/garbage')), undefined);
  });

  it('returns undefined if there is no file', () => {
    assert.equal(readOwnToken(join(volume, 'nowhere')), undefined);
  });
});

describe('readNewestToken', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-newest-'));
  const write = (name: string, issuedAt: number): string => {
    writeFileSync(join(folder, name), jwt(rawClaims({ iat: issuedAt, jti: name })));
    return join(folder, name);
  };
  after(() => rmSync(folder, { recursive: true }));

  it('returns the claims of the token that was issued last', () => {
    const files = [write('own', NOW - 600), write('canary', NOW)];
    assert.equal(readNewestToken(files)?.id, 'canary');
    assert.equal(readNewestToken(files.toReversed())?.id, 'canary');
  });

  it('returns those of the only token that can be read, and undefined without any', () => {
    assert.equal(readNewestToken([join(folder, 'nowhere'), write('own', NOW)])?.id, 'own');
    assert.equal(readNewestToken([join(folder, 'nowhere')]), undefined);
  });
});

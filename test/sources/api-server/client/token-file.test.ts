/**
 * The choice among the exporter's own tokens.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { newestToken } from '../../../../src/sources/api-server/client/token-file.ts';
import { jwt, NOW, rawClaims } from '../../../support/tokens.ts';

describe('newestToken', () => {
  let folder = '';
  const at = (name: string): string => join(folder, name);
  const write = (name: string, content: string): string => {
    writeFileSync(at(name), content);
    return at(name);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-token-file-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('returns the token that was issued last, in any order of the files', () => {
    const [older, newer] = [jwt(rawClaims({ iat: NOW - 600 })), jwt(rawClaims({ iat: NOW }))];
    const files = [write('a', older), write('b', newer)];
    assert.equal(newestToken(files), newer);
    assert.equal(newestToken(files.toReversed()), newer);
  });

  it('returns the first of two tokens that were issued in the same second', () => {
    const [own, canary] = [jwt(rawClaims({ jti: 'a' })), jwt(rawClaims({ jti: 'b' }))];
    assert.equal(newestToken([write('a', own), write('b', canary)]), own);
  });

  it('returns the only token that can be read', () => {
    const token = jwt();
    assert.equal(newestToken([at('nowhere'), write('b', token), write('c', '')]), token);
  });

  it('returns a token that is not a JWT, without white space', () => {
    assert.equal(newestToken([write('a', ' opaque \n')]), 'opaque');
  });

  it('prefers a JWT to a token without an issue time', () => {
    const token = jwt();
    assert.equal(newestToken([write('a', 'opaque'), write('b', token)]), token);
  });

  it('returns undefined if no file holds a token', () => {
    assert.equal(newestToken([at('nowhere'), write('a', '\n')]), undefined);
    assert.equal(newestToken([]), undefined);
  });
});

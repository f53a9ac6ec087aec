/**
 * Signatures of tokens, by the keys of real API servers and of our own.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { after, before, describe, it } from 'mocha';
import type { Token } from '../../../src/core/token.ts';
import { parseKeySet } from '../../../src/sources/api-server/oidc-discovery.ts';
import { createSignatures } from '../../../src/sources/api-server/signatures.ts';
import { isSigned } from '../../../src/sources/api-server/verify-signature.ts';
import { settle } from '../../support/fake-clock.ts';
import { token } from '../../support/tokens.ts';
import { createClock, createNotes } from './fakes.ts';

const CAPTURES = new URL('../../fixtures/captures/kubelet-v1.36.3/', import.meta.url).pathname;
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'] as const;

/** A token by jose, which shares nothing with what verifies it here, and the key to it. */
async function signed(algorithm: string) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const raw = await new SignJWT({ sub: 'a' }).setProtectedHeader({ alg: algorithm }).sign(privateKey);
  const key = createPublicKey({ key: await exportJWK(publicKey), format: 'jwk' });
  return { raw: Buffer.from(raw), key };
}

/** The token with one letter of a part changed. */
function tampered(raw: Buffer, part: number): Buffer {
  const parts = raw.toString().split('.');
  const text = parts[part] ?? '';
  // The last letters of a part may stand for no bit at all.
  const at = Math.floor(text.length / 2);
  parts[part] = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  return Buffer.from(parts.join('.'));
}

describe('a signature', () => {
  for (const algorithm of ALGORITHMS) {
    it(`by ${algorithm} is right, and wrong where anything was changed`, async () => {
      const { raw, key } = await signed(algorithm);
      assert.equal(isSigned(raw, algorithm, key), true);
      for (const part of [0, 1, 2]) assert.equal(isSigned(tampered(raw, part), algorithm, key), false);
    });

    it(`by ${algorithm} is wrong by any other algorithm and for any other key`, async () => {
      const { raw, key } = await signed(algorithm);
      for (const other of ALGORITHMS.filter((one) => one !== algorithm)) {
        assert.equal(isSigned(raw, other, key), false);
        assert.equal(isSigned(raw, algorithm, (await signed(other)).key), false);
      }
      assert.equal(isSigned(raw, algorithm, (await signed(algorithm)).key), false);
    });
  }

  for (const algorithm of ['none', 'HS256', 'PS256', 'EdDSA', '', '__proto__'])
    it(`is wrong by ${algorithm || 'no algorithm'}, which the API server does not sign with`, async () => {
      const { raw, key } = await signed('RS256');
      assert.equal(isSigned(raw, algorithm, key), false);
    });

  it('is right with what a hand may leave around the token', async () => {
    const { raw, key } = await signed('ES256');
    assert.equal(isSigned(Buffer.from(`\n ${raw.toString()}\r\n\n`), 'ES256', key), true);
  });

  it('is right or wrong, for any bytes', async () => {
    const [rsa, ec] = [(await signed('RS256')).key, (await signed('ES256')).key];
    const anything = fc.oneof(
      fc.uint8Array(),
      fc.string().map((text) => Buffer.from(`a.b.${text}`)),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        assert.equal(isSigned(Buffer.from(bytes), 'RS256', rsa), false);
        assert.equal(isSigned(Buffer.from(bytes), 'ES256', ec), false);
      }),
    );
  });

  it('is decoded as Node decodes it, whatever its length', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_031 });
    const input = Buffer.from('a.b');
    const signature = sign('sha256', input, privateKey);
    const raw = Buffer.from(`a.b.${signature.toString('base64url')}`);
    assert.equal(isSigned(raw, 'RS256', publicKey), true);
  });
});

describe('tokens of a real node', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-signed-'));
    execFileSync('tar', ['xzf', join(CAPTURES, 'after-rotation.tar.gz'), '-C', folder]);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are signed with the key that its API server published', () => {
    const keySet = parseKeySet(JSON.parse(readFileSync(join(CAPTURES, 'jwks.json'), 'utf8')));
    const key = keySet?.keys.values().next().value ?? assert.fail('no key');
    const raw = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
      .filter((bytes) => bytes.toString('latin1', 0, 3) === 'eyJ');
    assert.ok(raw.length >= 14);
    assert.ok(raw.every((one) => isSigned(one, 'RS256', key)));
    assert.ok(raw.every((one) => !isSigned(tampered(one, 1), 'RS256', key)));
  });
});

interface Signing {
  readonly raw: Buffer;
  readonly key: KeyObject;
}

/** Signatures that are kept; `files` holds what readRaw reads. */
function start({ raw, key }: Signing) {
  const clock = createClock();
  const notes = createNotes();
  const files = new Map<Token, Buffer>();
  let published: ReadonlyMap<string, KeyObject> = new Map([['key-1', key]]);
  let reads = 0;
  const signatures = createSignatures({
    readRaw: (one, use) => {
      reads += 1;
      const bytes = files.get(one);
      return bytes && use(bytes);
    },
    published: () => published,
    clock,
    listener: notes,
  });
  const stop = new AbortController();
  const ended = signatures.run(stop.signal);
  const make = (keyId: string | undefined, bytes: Buffer | undefined = raw): Token => {
    const made = token({ claims: { keyId, algorithm: 'ES256' } });
    if (bytes.length > 0) files.set(made, bytes);
    return made;
  };
  const look = async (...tokens: readonly Token[]): Promise<void> => {
    signatures.look(tokens);
    await settle();
  };
  const publish = (keys: ReadonlyMap<string, KeyObject>): void => {
    published = keys;
  };
  return { clock, notes, files, signatures, stop, ended, make, look, publish, reads: () => reads };
}

describe('the signatures of a node', () => {
  let signing: Signing;
  before(async () => {
    signing = await signed('ES256');
  });

  it('are verified once for each token, and told of', async () => {
    const { signatures, make, look, notes, reads } = start(signing);
    const [right, wrong] = [make('key-1'), make('key-1', tampered(signing.raw, 2))];
    await look(right, wrong);
    assert.deepEqual(
      signatures.verified(),
      new Map([
        [right, true],
        [wrong, false],
      ]),
    );
    assert.equal(notes.changes(), 1);
    const before = signatures.verified();
    await look(right, wrong);
    assert.equal(signatures.verified(), before);
    assert.deepEqual([reads(), notes.changes()], [2, 1]);
  });

  it('are not told of where the key is unknown, not named, or the file another', async () => {
    const { signatures, make, look, notes } = start(signing);
    await look(make('key-2'), make(undefined), make('key-1', Buffer.alloc(0)));
    assert.deepEqual([signatures.verified().size, notes.changes()], [0, 0]);
  });

  it('are forgotten with their token', async () => {
    const { signatures, make, look } = start(signing);
    const [stays, goes] = [make('key-1'), make('key-1')];
    await look(stays, goes);
    const before = signatures.verified();
    await look(stays);
    assert.deepEqual([[...signatures.verified().keys()], before.size], [[stays], 2]);
  });

  it('are verified anew where other keys are published', async () => {
    const { signatures, make, look, publish } = start(signing);
    const one = make('key-1');
    await look(one);
    publish(new Map([['key-1', (await signed('ES256')).key]]));
    await look(one);
    assert.equal(signatures.verified().get(one), false);
    publish(new Map());
    await look(one);
    assert.equal(signatures.verified().size, 0);
  });

  it('are verified a few at a time, and no more of those that are gone meanwhile', async () => {
    const { signatures, make, look, reads } = start(signing);
    const many = Array.from({ length: 5_000 }, () => make('key-1'));
    signatures.look(many);
    await setImmediate();
    assert.ok(reads() > 0 && reads() < many.length, `${reads()} in one go`);
    await look(...many.slice(0, 3));
    assert.deepEqual([...signatures.verified().keys()], many.slice(0, 3));
    assert.ok(reads() < many.length);
  });

  it('survive a bug, and tell of it', async () => {
    const { signatures, make, look, files, notes } = start(signing);
    const [broken, sound] = [make('key-1'), make('key-1')];
    files.set(broken, 7 as never);
    await look(broken);
    assert.equal(notes.errors.length, 1);
    await look(sound);
    assert.equal(signatures.verified().get(sound), true);
  });

  it('are let go with the signal', async () => {
    const { clock, stop, ended } = start(signing);
    stop.abort();
    await ended;
    assert.equal(clock.sleepers(), 0);
  });
});

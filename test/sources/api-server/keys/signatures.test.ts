/**
 * Signature verification with the keys of real API servers and with generated ones.
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
import type { Token } from '../../../../src/core/token/token.ts';
import { parseKeySet } from '../../../../src/sources/api-server/keys/oidc-discovery.ts';
import { createSignatures, verifySignature } from '../../../../src/sources/api-server/keys/signatures.ts';
import { settle } from '../../../support/fake-clock.ts';
import { token } from '../../../support/tokens.ts';
import { createCallbacks, createClock } from '../fakes.ts';

const CAPTURES = new URL('../../../fixtures/captures/kubelet-v1.36.3/', import.meta.url).pathname;
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'] as const;

/** A token and its public key, made by jose, which shares no code with the verification. */
async function signWith(algorithm: string) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const raw = await new SignJWT({ sub: 'a' }).setProtectedHeader({ alg: algorithm }).sign(privateKey);
  const key = createPublicKey({ key: await exportJWK(publicKey), format: 'jwk' });
  return { raw: Buffer.from(raw), key };
}

/** Changes one character of a part of the token. */
function tamper(raw: Buffer, part: number): Buffer {
  const parts = raw.toString().split('.');
  const text = parts[part] ?? '';
  // In the middle, because the last characters of a part may have unused bits.
  const at = Math.floor(text.length / 2);
  parts[part] = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  return Buffer.from(parts.join('.'));
}

describe('verifySignature', () => {
  for (const algorithm of ALGORITHMS) {
    it(`accepts an ${algorithm} signature and rejects it after any part has changed`, async () => {
      const { raw, key } = await signWith(algorithm);
      assert.equal(verifySignature(raw, algorithm, key), true);
      for (const part of [0, 1, 2]) assert.equal(verifySignature(tamper(raw, part), algorithm, key), false);
    });

    it(`rejects an ${algorithm} signature for another algorithm or key`, async () => {
      const { raw, key } = await signWith(algorithm);
      for (const other of ALGORITHMS.filter((name) => name !== algorithm)) {
        assert.equal(verifySignature(raw, other, key), false);
        assert.equal(verifySignature(raw, algorithm, (await signWith(other)).key), false);
      }
      assert.equal(verifySignature(raw, algorithm, (await signWith(algorithm)).key), false);
    });
  }

  for (const algorithm of ['none', 'HS256', 'PS256', 'EdDSA', '', '__proto__'])
    it(`rejects the algorithm "${algorithm}", which the API server does not use`, async () => {
      const { raw, key } = await signWith('RS256');
      assert.equal(verifySignature(raw, algorithm, key), false);
    });

  it('ignores white space around the token', async () => {
    const { raw, key } = await signWith('ES256');
    assert.equal(verifySignature(Buffer.from(`\n ${raw.toString()}\r\n\n`), 'ES256', key), true);
  });

  it('rejects arbitrary bytes', async () => {
    const [rsa, ec] = [(await signWith('RS256')).key, (await signWith('ES256')).key];
    const anything = fc.oneof(
      fc.uint8Array(),
      fc.string().map((text) => Buffer.from(`a.b.${text}`)),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        assert.equal(verifySignature(Buffer.from(bytes), 'RS256', rsa), false);
        assert.equal(verifySignature(Buffer.from(bytes), 'ES256', ec), false);
      }),
    );
  });

  it('accepts a signature whose length is not a multiple of three bytes', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_031 });
    const input = Buffer.from('a.b');
    const signature = sign('sha256', input, privateKey);
    const raw = Buffer.from(`a.b.${signature.toString('base64url')}`);
    assert.equal(verifySignature(raw, 'RS256', publicKey), true);
  });

  describe('for the tokens of a real node', () => {
    let folder = '';
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'satoken-signed-'));
      execFileSync('tar', ['xzf', join(CAPTURES, 'after-rotation.tar.gz'), '-C', folder]);
    });
    after(() => rmSync(folder, { recursive: true }));

    it('accepts each with the key that its API server published', () => {
      const keySet = parseKeySet(JSON.parse(readFileSync(join(CAPTURES, 'jwks.json'), 'utf8')));
      const key = keySet?.keys.values().next().value ?? assert.fail('no key');
      const raw = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
        .filter((bytes) => bytes.toString('latin1', 0, 3) === 'eyJ');
      assert.ok(raw.length >= 14);
      assert.ok(raw.every((one) => verifySignature(one, 'RS256', key)));
      assert.ok(raw.every((one) => !verifySignature(tamper(one, 1), 'RS256', key)));
    });
  });
});

interface Signed {
  readonly raw: Buffer;
  readonly key: KeyObject;
}

/** Running verification. `files` holds what readRaw reads; each read takes `readMs` on the clock. */
function start({ raw, key }: Signed, readMs = 0) {
  const clock = createClock();
  const callbacks = createCallbacks();
  const files = new Map<Token, Buffer>();
  let published: ReadonlyMap<string, KeyObject> = new Map([['key-1', key]]);
  let reads = 0;
  const signatures = createSignatures({
    readRaw: (file, use) => {
      reads += 1;
      const bytes = files.get(file);
      return bytes && use(bytes);
    },
    publicKeys: () => published,
    clock: { ...clock, monotonicMs: () => clock.monotonicMs() + reads * readMs },
    callbacks,
  });
  const stop = new AbortController();
  const ended = signatures.run(stop.signal);
  const addToken = (keyId: string | undefined, bytes: Buffer | undefined = raw): Token => {
    const added = token({ claims: { keyId, algorithm: 'ES256' } });
    if (bytes.length > 0) files.set(added, bytes);
    return added;
  };
  const verify = async (...tokens: readonly Token[]): Promise<void> => {
    signatures.setTokens(tokens);
    await settle();
  };
  const publish = (keys: ReadonlyMap<string, KeyObject>): void => {
    published = keys;
  };
  return { clock, callbacks, files, signatures, stop, ended, addToken, verify, publish, reads: () => reads };
}

describe('the signatures of a node', () => {
  let signed: Signed;
  before(async () => {
    signed = await signWith('ES256');
  });

  it('are verified once per token, and reported', async () => {
    const { signatures, addToken, verify, callbacks, reads } = start(signed);
    const [valid, invalid] = [addToken('key-1'), addToken('key-1', tamper(signed.raw, 2))];
    await verify(valid, invalid);
    assert.deepEqual(
      signatures.results(),
      new Map([
        [valid, true],
        [invalid, false],
      ]),
    );
    assert.equal(callbacks.changes(), 1);
    const before = signatures.results();
    await verify(valid, invalid);
    assert.equal(signatures.results(), before);
    assert.deepEqual([reads(), callbacks.changes()], [2, 1]);
  });

  it('have no result if the key is not published, the token names none, or the file has changed', async () => {
    const { signatures, addToken, verify, callbacks } = start(signed);
    await verify(addToken('key-2'), addToken(undefined), addToken('key-1', Buffer.alloc(0)));
    assert.deepEqual([signatures.results().size, signatures.pending().size], [0, 0]);
    // That the file was read, which ends the wait for it.
    assert.equal(callbacks.changes(), 1);
  });

  it('are pending until they have been verified, or their file was read in vain', async () => {
    const { signatures, addToken, verify, publish, callbacks } = start(signed);
    const tokens = [addToken('key-1'), addToken('key-1', Buffer.alloc(0)), addToken('key-2')];
    signatures.setTokens(tokens);
    assert.deepEqual(signatures.pending(), new Set(tokens.slice(0, 2)));
    assert.equal(signatures.pending(), signatures.pending());
    await settle();
    assert.deepEqual(signatures.pending(), new Set());
    await verify(...tokens);
    assert.deepEqual([signatures.pending().size, callbacks.changes()], [0, 1]);
    publish(new Map([['key-2', signed.key]]));
    assert.deepEqual(signatures.pending(), new Set(tokens.slice(2)));
  });

  it('are dropped with their token', async () => {
    const { signatures, addToken, verify } = start(signed);
    const [kept, dropped] = [addToken('key-1'), addToken('key-1')];
    await verify(kept, dropped);
    const before = signatures.results();
    await verify(kept);
    assert.deepEqual([[...signatures.results().keys()], before.size], [[kept], 2]);
  });

  it('are verified again if the published keys change', async () => {
    const { signatures, addToken, verify, publish } = start(signed);
    const added = addToken('key-1');
    await verify(added);
    publish(new Map([['key-1', (await signWith('ES256')).key]]));
    assert.equal(signatures.results().size, 0);
    await verify(added);
    assert.equal(signatures.results().get(added), false);
    publish(new Map());
    await verify(added);
    assert.equal(signatures.results().size, 0);
  });

  it('are verified for 5 milliseconds at a time, and not at all for tokens that are gone meanwhile', async () => {
    const { signatures, addToken, verify, reads } = start(signed, 1);
    const many = Array.from({ length: 100 }, () => addToken('key-1'));
    signatures.setTokens(many);
    await setImmediate();
    const readsBefore = reads();
    assert.ok(readsBefore > 0 && readsBefore < many.length, `${readsBefore} at once`);
    assert.equal(readsBefore % 5, 0);
    await verify(...many.slice(0, 3));
    assert.deepEqual([...signatures.results().keys()], many.slice(0, 3));
    assert.ok(reads() < many.length);
  });

  it('are verified for the other tokens after a bug, which is reported', async () => {
    const { signatures, addToken, verify, files, callbacks } = start(signed);
    const [broken, sound] = [addToken('key-1'), addToken('key-1')];
    files.set(broken, 7 as never);
    await verify(broken);
    assert.equal(callbacks.errors.length, 1);
    await verify(sound);
    assert.equal(signatures.results().get(sound), true);
  });

  it('are no longer verified when the signal aborts', async () => {
    const { clock, stop, ended } = start(signed);
    stop.abort();
    await ended;
    assert.equal(clock.sleepers(), 0);
  });
});

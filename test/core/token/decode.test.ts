/**
 * Claims from the bytes of a file: valid tokens, invalid ones, and any bytes at all.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { decodeToken, looksLikeJwt } from '../../../src/core/token/decode.ts';
import { jwt, NOW, rawClaims, rawHeader, rawLegacyClaims } from '../../support/tokens.ts';
import { anyHeader, anyPayload, assertKnownResult } from '../raw-tokens.ts';

function decode(text: string) {
  return decodeToken(Buffer.from(text));
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

const RAW = jwt();
const [HEADER = '', PAYLOAD = '', SIGNATURE = ''] = RAW.split('.');

describe('decodeToken', () => {
  const decoded = decode(RAW);
  assert.ok(decoded.ok);
  const { value: claims } = decoded;

  it('decodes a token of the kubelet', () => {
    assert.deepEqual(
      [claims.namespace, claims.audiences, claims.expiresAt],
      ['payments', ['vault'], NOW + 3_600],
    );
  });

  it('decodes a legacy token', () => {
    const legacy = decode(jwt(rawLegacyClaims(), { alg: 'RS256' }));
    assert.ok(legacy.ok);
    assert.equal(legacy.value.kind, 'legacy');
  });

  it('decodes non-ASCII claims', () => {
    const result = decode(jwt(rawClaims({ aud: 'żółć 日本 🙂' }), rawHeader({ kid: 'schlüssel' })));
    assert.ok(result.ok);
    assert.deepEqual([result.value.audiences, result.value.keyId], [['żółć 日本 🙂'], 'schlüssel']);
  });

  it('does not verify the signature', () => assert.ok(decode(`${HEADER}.${PAYLOAD}.AAAA`).ok));

  for (const { it: title, text } of [
    { it: 'a trailing line feed', text: `${RAW}\n` },
    { it: 'a trailing carriage return and line feed', text: `${RAW}\r\n` },
    { it: 'surrounding spaces and tabs', text: ` \t\n${RAW} \t\n` },
  ]) {
    it(`ignores ${title}`, () => assert.deepEqual(decode(text), { ok: true, value: claims }));
  }

  it('distinguishes headers of the same length, beyond the size of its cache', () => {
    const keyIds = Array.from({ length: 200 }, (_, index) => `key-${index + 1_000}`);
    for (const keyId of [...keyIds, ...keyIds]) {
      const result = decode(jwt(rawClaims(), rawHeader({ kid: keyId })));
      assert.ok(result.ok);
      assert.equal(result.value.keyId, keyId);
    }
  });

  it('decodes a header that is too long for its cache', () => {
    for (const keyId of ['x'.repeat(1_000), 'y'.repeat(1_000)]) {
      const result = decode(jwt(rawClaims(), rawHeader({ kid: keyId })));
      assert.ok(result.ok);
      assert.equal(result.value.keyId, keyId);
    }
  });

  const failures = [
    { it: 'an empty file', text: '', reason: 'empty' },
    { it: 'only white space', text: ' \t\r\n', reason: 'empty' },
    { it: 'a word', text: 'password', reason: 'not_a_jwt' },
    { it: 'a certificate', text: '-----BEGIN CERTIFICATE-----\nMIIB\n', reason: 'not_a_jwt' },
    { it: 'one part', text: HEADER, reason: 'not_a_jwt' },
    { it: 'two parts', text: `${HEADER}.${PAYLOAD}`, reason: 'not_a_jwt' },
    { it: 'four parts', text: `${RAW}.${SIGNATURE}`, reason: 'not_a_jwt' },
    { it: 'the five parts of an encrypted token', text: `${HEADER}.a.b.c.d`, reason: 'not_a_jwt' },
    { it: 'an empty header', text: `.${PAYLOAD}.${SIGNATURE}`, reason: 'not_a_jwt' },
    { it: 'an empty payload', text: `${HEADER}..${SIGNATURE}`, reason: 'not_a_jwt' },
    { it: 'an empty signature', text: `${HEADER}.${PAYLOAD}.`, reason: 'not_a_jwt' },
    { it: 'only dots', text: '..', reason: 'not_a_jwt' },
    {
      it: 'a header in base64 instead of base64url',
      text: `${HEADER}+/.${PAYLOAD}.${SIGNATURE}`,
      reason: 'not_a_jwt',
    },
    { it: 'a payload with padding', text: `${HEADER}.${PAYLOAD}=.${SIGNATURE}`, reason: 'not_a_jwt' },
    { it: 'a signature with padding', text: `${RAW}=`, reason: 'not_a_jwt' },
    { it: 'a line break inside a token', text: RAW.replace('.', '\n.'), reason: 'not_a_jwt' },
    { it: 'a second token', text: `${RAW}\n${RAW}`, reason: 'not_a_jwt' },
    { it: 'a byte order mark', text: `\ufeff${RAW}`, reason: 'not_a_jwt' },
    { it: 'a NUL at the end', text: `${RAW}\0`, reason: 'not_a_jwt' },
    { it: 'a header that is not JSON', text: `${base64url('{"alg"')}.${PAYLOAD}.a`, reason: 'not_a_jwt' },
    { it: 'a header that is not base64url', text: `A.${PAYLOAD}.a`, reason: 'not_a_jwt' },
    { it: 'a payload that is not JSON', text: `${HEADER}.${base64url('{"iss":')}.a`, reason: 'not_a_jwt' },
    { it: 'a payload that is null', text: `${HEADER}.${base64url('null')}.a`, reason: 'not_service_account' },
    {
      it: 'a header that is a number',
      text: `${base64url('12')}.${PAYLOAD}.a`,
      reason: 'not_service_account',
    },
    {
      it: 'a payload of 20,000 nested lists',
      text: `${HEADER}.${base64url('['.repeat(20_000) + ']'.repeat(20_000))}.a`,
      reason: 'not_service_account',
    },
  ];
  for (const { it: title, text, reason } of failures) {
    it(`returns ${reason} for ${title}`, () =>
      assert.deepEqual(decode(text), { ok: false, error: { reason } }));
  }

  it('names an invalid claim but not its value', () => {
    const result = decode(jwt(rawClaims({ exp: 'S3CRET' })));
    assert.deepEqual(result, { ok: false, error: { reason: 'invalid_claim', claim: 'exp' } });
  });
});

describe('decodeToken of any bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 512 });
  const signed = fc
    .tuple(anyPayload, anyHeader)
    .map(([payload, header]) => Buffer.from(jwt(payload, header)));
  const unsigned = fc
    .array(
      fc.oneof(
        bytes.map((part) => Buffer.from(part).toString('base64url')),
        fc.string(),
        fc.json(),
      ),
      {
        maxLength: 5,
      },
    )
    .map((parts) => Buffer.from(parts.join('.')));
  const damaged = fc.tuple(fc.nat(RAW.length - 1), fc.nat(255)).map(([at, byte]) => {
    const buffer = Buffer.from(RAW);
    buffer[at] = byte;
    return buffer;
  });
  const truncated = fc.nat(RAW.length).map((length) => Buffer.from(RAW.slice(0, length)));
  const anyBytes = fc.oneof(
    bytes.map((content) => Buffer.from(content)),
    signed,
    unsigned,
    damaged,
    truncated,
  );

  it('returns claims or a known error, never throws, and does not change the bytes', () => {
    fc.assert(
      fc.property(anyBytes, (content) => {
        const before = Buffer.from(content);
        assertKnownResult(decodeToken(content));
        assert.deepEqual(content, before);
      }),
      { numRuns: 3_000 },
    );
  });

  it('returns the same result each time', () => {
    fc.assert(
      fc.property(anyBytes, (content) => assert.deepEqual(decodeToken(content), decodeToken(content))),
    );
  });

  it('never returns a piece of the signature', () => {
    fc.assert(
      fc.property(signed, (content) => {
        const signature = content.toString().split('.')[2] ?? '';
        assert.ok(!JSON.stringify(decodeToken(content)).includes(signature));
      }),
    );
  });
});

describe('looksLikeJwt', () => {
  const cases = [
    { it: 'accepts a token', text: RAW, looks: true },
    { it: 'accepts a token after a line feed', text: `\n${RAW}`, looks: true },
    { it: 'accepts the first three characters of a token', text: 'eyJ', looks: true },
    { it: 'accepts a damaged token', text: 'eyJ, says the file', looks: true },
    { it: 'rejects the first two characters of a token', text: 'ey', looks: false },
    { it: 'rejects an empty file', text: '', looks: false },
    { it: 'rejects a certificate', text: '-----BEGIN CERTIFICATE-----', looks: false },
    { it: 'rejects JSON', text: '{"alg":"RS256"}', looks: false },
    { it: 'rejects a token after other text', text: `token: ${RAW}`, looks: false },
  ];
  for (const { it: title, text, looks } of cases) {
    it(title, () => assert.equal(looksLikeJwt(Buffer.from(text)), looks));
  }
});

/**
 * Generated tokens: claims of projected and legacy tokens with random changes, encoded well or badly.
 */
import { rawBinding, rawClaims, rawHeader, rawLegacyClaims } from '../support/tokens.ts';
import { accountName, namespaceOf, podName, podUid } from './names.ts';
import { createRandom, type Random } from './random.ts';
import { maybeMutated } from './values.ts';

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part) ?? '').toString('base64url');
}

function times(random: Random, now: number) {
  const issuedAt = now - random.below(2) * random.below(100_000);
  return { iat: issuedAt, nbf: issuedAt, exp: issuedAt + random.pick([0, 600, 3_607, 86_400, 31_536_000]) };
}

function projectedClaims(random: Random, now: number): object {
  const pod = random.below(64);
  const namespace = namespaceOf(pod);
  const name = accountName(random.below(8));
  return rawClaims({
    ...times(random, now),
    sub: `system:serviceaccount:${namespace}:${name}`,
    jti: String(random.next()),
    'kubernetes.io': rawBinding({
      namespace,
      pod: { name: podName(pod), uid: podUid(pod) },
      serviceaccount: { name, uid: `uid-of-${name}` },
      ...(random.isOneIn(4) ? { warnafter: now + random.below(4_000) } : {}),
    }),
  });
}

function payload(random: Random, now: number): unknown {
  const valid = random.isOneIn(4) ? rawLegacyClaims() : projectedClaims(random, now);
  return maybeMutated(random, valid);
}

/** The token with bytes inserted, removed or replaced. */
function damaged(random: Random, token: string): Buffer {
  const at = random.below(token.length);
  const removed = random.below(4);
  return Buffer.concat([
    Buffer.from(token.slice(0, at)),
    random.bytes(random.below(5)),
    Buffer.from(token.slice(at + removed)),
  ]);
}

/** `now` is in epoch seconds. */
export function generateToken(random: Random, now: number): string | Buffer {
  const header = maybeMutated(random, rawHeader({ kid: `key-${random.below(4)}` }));
  const signature = random.bytes(random.pick([0, 1, 64, 64, 64, 256])).toString('base64url');
  const token = `${encode(header)}.${encode(payload(random, now))}.${signature}`;
  return random.isOneIn(6) ? damaged(random, token) : token;
}

/** A healthy token of the pod, issued now, that expires at a time by which a test recognizes it. */
export function markerToken({ uid, expiresAt, now }: MarkerOptions): string {
  const claims = rawClaims({
    sub: 'system:serviceaccount:marker:api',
    iat: now,
    nbf: now,
    exp: expiresAt,
    'kubernetes.io': rawBinding({ namespace: 'marker', pod: { name: 'marker', uid } }),
  });
  return `${encode(rawHeader())}.${encode(claims)}.${createRandom(expiresAt).bytes(64).toString('base64url')}`;
}

interface MarkerOptions {
  /** Of the pod. */
  readonly uid: string;
  readonly expiresAt: number;
  readonly now: number;
}

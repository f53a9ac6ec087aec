/**
 * The limits of a pod: it loses tokens of its own, never those that its spec names, and never those of another pod.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  amountOfToken,
  amountOfUnreadable,
  POD_LIMITS,
} from '../../../../src/sources/files/pods/pod-limits.ts';
import { MAX_VOLUMES } from '../../../../src/sources/files/volume-set.ts';
import { podFacts, projection } from '../../../support/cluster.ts';
import { claims, jwt, POD_UID } from '../../../support/tokens.ts';
import { KIND_OF_MOUNT, nextToken, OTHER_POD, onFreshNode, type TestNode } from '../support/test-node.ts';
import { createSource, type TestSource } from '../support/test-source.ts';

const MAX = POD_LIMITS.unnamed.objects;
const LIMIT = `${POD_UID}: limit`;
const TOKEN = jwt();

let node: TestNode;
let source: TestSource;

const useFreshState = onFreshNode(
  (fresh) => {
    node = fresh;
    source = createSource(node.rootDir);
  },
  () => source.close(),
);

function forged(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${1_000 + index}`, TOKEN]));
}

function secret(name: string, count: number) {
  const volume = node.volume({ name, plugin: 'secret' });
  volume.fill(forged(count));
  return volume;
}

function tokensIn(podUid: string): number {
  return source.observe().tokens.filter(({ identity }) => identity.podUid === podUid).length;
}

function unreadable(): readonly string[] {
  return source.seen().unreadable;
}

/** The length of all text in a value, under any keys. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((length, one) => length + lengthOf(one), 0);
}

describe('the amount of an object', () => {
  it('includes every text in the claims of a token, and its path', () => {
    const reference = (name: string) => ({ name, uid: `uid of ${name}` });
    const token = claims({
      keyId: 'key',
      id: 'id of the token',
      audiences: ['first', 'second one'],
      pod: reference('pod'),
      node: reference('a node'),
      secret: reference('another secret'),
    });
    const amount = { objects: 1, characters: lengthOf(token) + 'path'.length };
    assert.deepEqual(amountOfToken(token, 'path'), amount);
  });

  it('includes what is absent from the claims as nothing', () => {
    const absent = { keyId: undefined, id: undefined, pod: undefined, node: undefined, secret: undefined };
    const token = claims(absent);
    assert.equal(amountOfToken(token).characters, lengthOf(token));
  });

  it('includes every text of what is unreadable', () => {
    const object = { podUid: 'uid', volume: 'vol', path: 'path', reason: 'bad_link', detail: 'why' } as const;
    assert.equal(amountOfUnreadable(object).characters, lengthOf(object));
  });
});

describe(`the limits of a pod (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('count the tokens of all its volumes, and are reported once', async () => {
    for (const name of ['one', 'two', 'three']) secret(name, MAX - 1);
    await source.scan();
    assert.equal(tokensIn(POD_UID), MAX);
    assert.deepEqual(unreadable(), [LIMIT]);
    assert.deepEqual(source.readFailures, ['limit']);
  });

  it('report nothing of a pod that reaches but does not exceed them', async () => {
    for (const name of ['one', 'two']) secret(name, MAX / 2);
    await source.scan();
    assert.equal(tokensIn(POD_UID), MAX);
    assert.deepEqual(unreadable(), []);
  });

  it('count unreadable objects', async () => {
    node
      .volume({ name: 'broken' })
      .fill(Object.fromEntries(Object.keys(forged(MAX)).map((key) => [key, 'eyJ'])));
    secret('more', 1);
    await source.scan();
    assert.equal(unreadable().length, MAX + 1);
    assert.ok(unreadable().includes(LIMIT));
  });

  it('take nothing from other pods', async () => {
    for (const name of ['one', 'two', 'three']) secret(name, MAX);
    node.volume({ podUid: OTHER_POD }).fill({ token: nextToken() });
    await source.scan();
    assert.equal(tokensIn(OTHER_POD), 1);
  });

  it('read projected volumes before Secrets', async () => {
    secret('a-secret', MAX);
    node.volume().fill({ token: nextToken() });
    await source.scan();
    assert.ok(source.seen().tokens.some((token) => token.startsWith('vault-token/token ')));
  });

  it('do not touch a token that the spec names, even if the spec becomes known later', async () => {
    node.volume({ name: 'a-volume' }).fill(forged(MAX));
    const volume = node.volume();
    volume.fill({ token: nextToken({ jti: 'one' }) });
    await source.scan();
    assert.ok(!source.seen().tokens.includes('vault-token/token one'));
    const spec = podFacts({ projections: [projection({ volume: 'vault-token', path: 'token' })] });
    source.setSpecs(new Map([[POD_UID, spec]]));
    await source.refresh();
    assert.ok(source.seen().tokens.includes('vault-token/token one'));
    volume.fill({ token: nextToken({ jti: 'two' }) });
    await source.scan();
    assert.ok(source.seen().tokens.includes('vault-token/token two'));
    assert.equal(source.rotations.length, 1);
  });

  it('are reported for the volume if the spec names more tokens than they allow', async () => {
    const files = forged(POD_LIMITS.named.objects + 1);
    node.volume().fill(files);
    const projections = Object.keys(files).map((path) => projection({ volume: 'vault-token', path }));
    source.setSpecs(new Map([[POD_UID, podFacts({ projections })]]));
    await source.scan();
    assert.equal(tokensIn(POD_UID), POD_LIMITS.named.objects);
    assert.deepEqual(unreadable(), [`${POD_UID}/vault-token: limit`, LIMIT]);
  });

  it('keep the same tokens from scan to scan, and read what fits after a volume has shrunk', async () => {
    const first = secret('first', MAX);
    secret('second', 2);
    await source.scan();
    const { tokens } = source.seen();
    await source.scan();
    assert.deepEqual(source.seen().tokens, tokens);
    first.fill({ key: TOKEN });
    await source.scan();
    assert.equal(tokensIn(POD_UID), 3);
    assert.deepEqual(unreadable(), []);
  });

  it(`read ${MAX_VOLUMES} volumes, first those that the spec names`, async () => {
    for (let index = 0; index < MAX_VOLUMES + 1; index += 1)
      node.volume({ name: `a-${index}`, isMounted: false });
    const volume = node.volume();
    volume.fill({ token: nextToken({ jti: 'one' }) });
    source.setSpecs(
      new Map([[POD_UID, podFacts({ projections: [projection({ volume: 'vault-token', path: 'token' })] })]]),
    );
    await source.scan();
    assert.deepEqual(source.seen().tokens, ['vault-token/token one']);
    assert.equal(unreadable().length, MAX_VOLUMES);
    assert.ok(unreadable().includes(LIMIT));
  });
});

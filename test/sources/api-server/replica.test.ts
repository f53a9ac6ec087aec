/**
 * Applying lists and events, which are untrusted, to a replica.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ResponseError } from '../../../src/sources/api-server/client/failures.ts';
import { createReplica, type Replica } from '../../../src/sources/api-server/replica.ts';
import { trimAccount, trimPod } from '../../../src/sources/api-server/resources.ts';
import {
  account,
  bookmark,
  defaultVolume,
  type Json,
  list,
  metadata,
  pod,
  projected,
  tokenSource,
} from './objects.ts';

type Accounts = Replica<{ readonly uid: string }>;

let dropped: string[] = [];

function create(maxObjects: number): Accounts {
  dropped = [];
  const onDropped = (reason: string): void => void dropped.push(reason);
  return createReplica({ kind: 'ServiceAccount', maxObjects, trim: trimAccount, onDropped });
}

function named(name: string, overrides: Json = {}): Json {
  return account({ metadata: metadata({ name, uid: `uid-of-${name}`, ...overrides }) });
}

function event(type: string, object: Json): Json {
  return { type, object };
}

function applyList(replica: Accounts, items: readonly unknown[], overrides: Json = {}): boolean {
  const listing = replica.startList();
  items.forEach(listing.add);
  return listing.finish({ ...list('ServiceAccount', [], '7'), ...overrides });
}

/** A replica that has listed service accounts of these names. */
function replicaOf(names: readonly string[], maxObjects = 100): Accounts {
  const replica = create(maxObjects);
  applyList(
    replica,
    names.map((name) => named(name)),
  );
  return replica;
}

/** Every path to a value in an object. */
function pathsIn(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    [key],
    ...pathsIn(child).map((path) => [key, ...path]),
  ]);
}

/** A copy in which the value at one of the paths is another. */
function replacedAt(valid: Json, index: number, value: unknown): Json {
  const paths = pathsIn(valid);
  const path = paths[index % paths.length] ?? [];
  const copy = structuredClone(valid) as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy);
  parent[last] = value;
  return copy;
}

function keysOf(replica: Accounts): readonly string[] {
  return [...replica.objects().keys()].map((key) => key.replace('payments/', ''));
}

function failing(failure: string): (error: unknown) => boolean {
  return (error) => error instanceof ResponseError && error.failure === failure;
}

describe('a replica', () => {
  it('reads only the metadata of a deleted object', () => {
    const read: Json[] = [];
    const trim = (item: Json) => {
      read.push(item);
      return trimPod(item);
    };
    const replica = createReplica({ kind: 'Pod', maxObjects: 1, trim, onDropped: assert.fail });
    replica.applyEvent(event('ADDED', pod()));
    assert.equal(replica.applyEvent(event('DELETED', pod())), 'changed');
    assert.deepEqual(read.map(Object.keys).at(-1), ['metadata']);
    assert.equal(replica.objects().size, 0);
  });

  it('is empty and has no version at first', () => {
    const replica = create(1);
    assert.deepEqual([replica.version(), replica.objects().size], [undefined, 0]);
  });

  it('takes its objects and its version from a list', () => {
    const replica = replicaOf(['a', 'b']);
    assert.deepEqual([keysOf(replica), replica.version()], [['a', 'b'], '7']);
  });

  it('removes objects that a later list does not contain', () => {
    const replica = replicaOf(['a', 'b']);
    assert.equal(applyList(replica, [named('b'), named('c')]), true);
    assert.deepEqual(keysOf(replica), ['b', 'c']);
  });

  it('returns the same map while lists contain the same', () => {
    const replica = replicaOf(['a', 'b']);
    const before = replica.objects();
    assert.equal(applyList(replica, [named('b', { labels: { new: 'label' } }), named('a')]), false);
    assert.equal(replica.objects(), before);
  });

  it('never changes a map that it has returned', () => {
    const replica = replicaOf(['a']);
    const before = replica.objects();
    replica.applyEvent(event('DELETED', named('a')));
    assert.deepEqual([before.size, replica.objects().size], [1, 0]);
  });

  it('does not change until a list is complete', () => {
    const replica = replicaOf(['a']);
    replica.startList().add(named('b'));
    assert.deepEqual(keysOf(replica), ['a']);
  });

  const events = [
    ['ADDED', named('b'), 'changed', ['a', 'b']],
    ['ADDED', named('a'), 'unchanged', ['a']],
    ['MODIFIED', named('a', { annotations: { a: 'b' } }), 'unchanged', ['a']],
    ['MODIFIED', named('a', { uid: 'another' }), 'changed', ['a']],
    ['MODIFIED', named('b'), 'changed', ['a', 'b']],
    ['DELETED', named('a'), 'changed', []],
    ['DELETED', named('b'), 'unchanged', ['a']],
  ] as const;
  for (const [type, object, outcome, keys] of events)
    it(`is ${outcome} by ${type} of ${JSON.stringify(object['metadata'])}`, () => {
      const replica = replicaOf(['a']);
      assert.equal(replica.applyEvent(event(type, object)), outcome);
      assert.deepEqual(keysOf(replica), keys);
    });

  it('takes its version from the last event, also from a bookmark', () => {
    const replica = replicaOf(['a']);
    replica.applyEvent(event('ADDED', named('b', { resourceVersion: '8' })));
    assert.equal(replica.version(), '8');
    assert.equal(replica.applyEvent(bookmark('ServiceAccount', '9')), 'unchanged');
    assert.equal(replica.version(), '9');
  });

  const errors = [
    [{ kind: 'Status', code: 500 }, 'server_error'],
    [{ kind: 'Status', code: 429 }, 'throttled'],
    [{ kind: 'Status', code: 200 }, 'bad_answer'],
    [{ kind: 'Status', code: '410' }, 'bad_answer'],
    [{}, 'bad_answer'],
  ] as const;
  for (const [status, failure] of errors)
    it(`fails with ${failure} for the ERROR ${JSON.stringify(status)}`, () => {
      const replica = replicaOf(['a']);
      assert.throws(() => replica.applyEvent(event('ERROR', status)), failing(failure));
    });

  it('returns gone for an ERROR with status 410', () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired' };
    assert.equal(replicaOf(['a']).applyEvent(event('ERROR', status)), 'gone');
  });

  it('keeps its objects when it forgets its version', () => {
    const replica = replicaOf(['a']);
    replica.forgetVersion();
    assert.deepEqual([replica.version(), keysOf(replica)], [undefined, ['a']]);
  });

  const malformedEvents: readonly (readonly [string, unknown])[] = [
    ['an object of another kind', event('ADDED', { ...named('b'), kind: 'Pod' })],
    ['an unknown type', event('MOVED', named('b'))],
  ];
  for (const [title, malformed] of malformedEvents)
    it(`fails with bad_answer and does not change for ${title}`, () => {
      const replica = replicaOf(['a']);
      assert.throws(() => replica.applyEvent(malformed), failing('bad_answer'));
      assert.deepEqual([keysOf(replica), replica.version()], [['a'], '7']);
    });

  const oddEvents: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['an array', []],
    ['an event without an object', { type: 'ADDED' }],
    ['an object that is a string', { type: 'ADDED', object: 'a' }],
    ['an object whose kind is a number', event('ADDED', { ...named('b'), kind: 1 })],
    ['an event without a type', { object: named('b') }],
    ['an event whose type is an array', { type: ['ADDED'], object: named('b') }],
  ];
  for (const [title, odd] of oddEvents)
    it(`drops ${title} and does not change`, () => {
      const replica = replicaOf(['a']);
      assert.equal(replica.applyEvent(odd), 'dropped');
      assert.deepEqual([keysOf(replica), replica.version(), dropped], [['a'], '7', ['malformed']]);
    });

  for (const resourceVersion of [undefined, 8, '', '8\n', '8'.repeat(257)])
    it(`takes an object but not its version if that is ${JSON.stringify(resourceVersion)}`, () => {
      const replica = replicaOf(['a']);
      assert.equal(replica.applyEvent(event('ADDED', named('b', { resourceVersion }))), 'changed');
      assert.deepEqual([keysOf(replica), replica.version()], [['a', 'b'], '7']);
    });

  const unidentified = ['a string', null, 7, [], {}, { metadata: [] }, { metadata: { name: 'a' } }];
  for (const odd of unidentified)
    it(`drops ${JSON.stringify(odd)} from a list and keeps the others`, () => {
      const replica = create(100);
      assert.equal(applyList(replica, [named('a'), odd, named('b')]), true);
      assert.deepEqual([keysOf(replica), dropped], [['a', 'b'], ['unidentified']]);
    });

  it('drops an object that was too large to read', () => {
    const replica = create(100);
    applyList(replica, [named('a'), undefined]);
    assert.deepEqual([keysOf(replica), dropped], [['a'], ['too_large']]);
  });

  it('knows the key of a malformed object, from a list or an event, until it is readable or gone', () => {
    const replica = replicaOf(['a', 'b']);
    applyList(replica, [named('a'), named('b', { uid: 7 })]);
    assert.deepEqual([keysOf(replica), [...replica.unreadable()]], [['a'], ['payments/b']]);
    assert.equal(replica.applyEvent(event('MODIFIED', named('a', { uid: [] }))), 'changed');
    assert.deepEqual([keysOf(replica), replica.unreadable().size], [[], 2]);
    const before = replica.unreadable();
    assert.equal(replica.applyEvent(event('MODIFIED', named('a', { uid: {} }))), 'unchanged');
    assert.equal(replica.unreadable(), before);
    assert.equal(replica.applyEvent(event('MODIFIED', named('a'))), 'changed');
    assert.equal(replica.applyEvent(event('DELETED', named('b', { uid: null }))), 'changed');
    assert.deepEqual([keysOf(replica), replica.unreadable().size], [['a'], 0]);
    assert.deepEqual(dropped, ['malformed', 'malformed', 'malformed']);
  });

  const malformedLists: readonly (readonly [string, Json])[] = [
    ['of another kind', { kind: 'PodList' }],
    ['without a kind', { kind: undefined }],
    ['without metadata', { metadata: undefined }],
    ['with an empty version', { metadata: { resourceVersion: '' } }],
    ['with a continue token', { metadata: { resourceVersion: '8', continue: 'a-token' } }],
  ];
  for (const [title, overrides] of malformedLists)
    it(`fails with bad_answer and does not change for a list ${title}`, () => {
      const replica = replicaOf(['a']);
      assert.throws(() => applyList(replica, [named('b')], overrides), failing('bad_answer'));
      assert.deepEqual([keysOf(replica), replica.version()], [['a'], '7']);
    });

  it('drops objects beyond the maximum, and knows their keys', () => {
    const replica = replicaOf(['a', 'b', 'c'], 2);
    assert.deepEqual([keysOf(replica), [...replica.unreadable()]], [['a', 'b'], ['payments/c']]);
    assert.equal(replica.applyEvent(event('ADDED', named('d'))), 'changed');
    assert.deepEqual([keysOf(replica), replica.unreadable().size], [['a', 'b'], 2]);
    replica.applyEvent(event('DELETED', named('a')));
    assert.equal(replica.applyEvent(event('MODIFIED', named('d'))), 'changed');
    assert.deepEqual([keysOf(replica), [...replica.unreadable()]], [['b', 'd'], ['payments/c']]);
    assert.deepEqual(dropped, ['limit', 'limit']);
  });

  it('knows at most as many keys of unreadable objects as it keeps objects', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const replica = replicaOf(names, 2);
    assert.deepEqual([keysOf(replica).length, replica.unreadable().size], [2, 2]);
    replica.applyEvent(event('ADDED', named('g')));
    assert.deepEqual([keysOf(replica).length, replica.unreadable().size], [2, 2]);
  });

  it('reads all other objects of a list in which any field of one is replaced by any JSON', () => {
    const anything = fc.jsonValue() as fc.Arbitrary<unknown>;
    const fields = fc.constantFrom(
      'metadata',
      'automountServiceAccountToken',
      'secrets',
      'name',
      'uid',
      'namespace',
    );
    fc.assert(
      fc.property(fields, anything, fc.nat(2), (field, value, at) => {
        const odd =
          field in named('odd') || !(field in metadata())
            ? { ...named('odd'), [field]: value }
            : named('odd', { [field]: value });
        const items = [named('a'), named('b')].toSpliced(at, 0, odd);
        const replica = create(100);
        applyList(replica, items);
        assert.ok(['a', 'b'].every((name) => keysOf(replica).includes(name)));
      }),
    );
  });

  it('reads all other pods of a list and of events in which any value in one is replaced by any JSON', () => {
    const full = pod({
      metadata: metadata({ annotations: { a: 'b' }, deletionTimestamp: '2026-11-24T06:26:40Z' }),
      spec: {
        serviceAccountName: 'api',
        automountServiceAccountToken: true,
        containers: [{ name: 'main', volumeMounts: [{ name: 'v', mountPath: '/a' }] }],
        volumes: [
          defaultVolume(),
          projected('v', tokenSource({ audience: 'vault' }), { secret: { name: 's' } }),
          { name: 'w', secret: { secretName: 's', optional: true } },
        ],
      },
    });
    const named = (name: string) => pod({ metadata: metadata({ name, uid: `uid-of-${name}` }) });
    const anything = fc.jsonValue() as fc.Arbitrary<unknown>;
    fc.assert(
      fc.property(fc.nat(1_000), anything, fc.nat(2), (at, value, index) => {
        const odd = replacedAt(full, at, value);
        const replica = createReplica({
          kind: 'Pod',
          maxObjects: 9,
          trim: trimPod,
          onDropped: () => undefined,
        });
        const listing = replica.startList();
        for (const one of [named('a'), named('b')].toSpliced(index, 0, odd)) listing.add(one);
        listing.finish(list('Pod', [], '7'));
        replica.applyEvent({ type: 'MODIFIED', object: { ...odd, kind: 'Pod' } });
        replica.applyEvent({ type: 'ADDED', object: named('c') });
        const uids = [...replica.objects().keys()];
        assert.ok(['a', 'b', 'c'].every((name) => uids.includes(`uid-of-${name}`)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('applies any JSON as an event or throws a ResponseError', () => {
    const anything = fc.jsonValue() as fc.Arbitrary<unknown>;
    const types = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR');
    const object = fc.record({ kind: fc.constant('ServiceAccount'), metadata: anything, code: anything });
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.record({ type: types, object: fc.oneof(anything, object) })),
        (value) => {
          try {
            replicaOf(['a']).applyEvent(value);
          } catch (error) {
            assert.ok(error instanceof ResponseError);
          }
        },
      ),
    );
  });
});

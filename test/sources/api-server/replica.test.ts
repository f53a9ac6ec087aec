/**
 * Applying lists and events, which are untrusted, to a replica.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ResponseError } from '../../../src/sources/api-server/failures.ts';
import { createReplica, type Replica } from '../../../src/sources/api-server/replica.ts';
import { trimAccount } from '../../../src/sources/api-server/resources.ts';
import { account, bookmark, type Json, list, metadata } from './objects.ts';

type Accounts = Replica<{ readonly uid: string }>;

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
  const replica = createReplica({ kind: 'ServiceAccount', maxObjects, trim: trimAccount });
  applyList(
    replica,
    names.map((name) => named(name)),
  );
  return replica;
}

function keysOf(replica: Accounts): readonly string[] {
  return [...replica.objects().keys()].map((key) => key.replace('payments/', ''));
}

function failing(failure: string): (error: unknown) => boolean {
  return (error) => error instanceof ResponseError && error.failure === failure;
}

describe('a replica', () => {
  it('is empty and has no version at first', () => {
    const replica = createReplica({ kind: 'ServiceAccount', maxObjects: 1, trim: trimAccount });
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
    ['null', null],
    ['an array', []],
    ['an event without an object', { type: 'ADDED' }],
    ['an object that is a string', { type: 'ADDED', object: 'a' }],
    ['an object of another kind', event('ADDED', { ...named('b'), kind: 'Pod' })],
    ['an object without a version', event('ADDED', named('b', { resourceVersion: undefined }))],
    ['an object with a version that is a number', event('ADDED', named('b', { resourceVersion: 8 }))],
    ['an object without a uid', event('ADDED', named('b', { uid: undefined }))],
    ['an unknown type', event('MOVED', named('b'))],
    ['an event without a type', { object: named('b') }],
  ];
  for (const [title, malformed] of malformedEvents)
    it(`fails with bad_answer and does not change for ${title}`, () => {
      const replica = replicaOf(['a']);
      assert.throws(() => replica.applyEvent(malformed), failing('bad_answer'));
      assert.deepEqual([keysOf(replica), replica.version()], [['a'], '7']);
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

  it('fails with too_large for more than the maximum number of objects', () => {
    const replica = replicaOf(['a', 'b'], 2);
    assert.throws(() => replica.applyEvent(event('ADDED', named('c'))), failing('too_large'));
    assert.throws(() => applyList(replica, [named('a'), named('b'), named('c')]), failing('too_large'));
    replica.applyEvent(event('DELETED', named('a')));
    assert.equal(replica.applyEvent(event('ADDED', named('c'))), 'changed');
    assert.deepEqual(keysOf(replica), ['b', 'c']);
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

/**
 * A resource as we know it, from lists and events that nobody vouches for.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AnswerError } from '../../../src/sources/api-server/failures.ts';
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

function take(replica: Accounts, items: readonly unknown[], overrides: Json = {}): boolean {
  const listing = replica.startList();
  items.forEach(listing.take);
  return listing.finish({ ...list('ServiceAccount', [], '7'), ...overrides });
}

/** A replica that has listed accounts of these names. */
function replicaOf(names: readonly string[], maxObjects = 100): Accounts {
  const replica = createReplica({ kind: 'ServiceAccount', maxObjects, trim: trimAccount });
  take(
    replica,
    names.map((name) => named(name)),
  );
  return replica;
}

function keysOf(replica: Accounts): readonly string[] {
  return [...replica.objects().keys()].map((key) => key.replace('payments/', ''));
}

function failing(failure: string): (error: unknown) => boolean {
  return (error) => error instanceof AnswerError && error.failure === failure;
}

describe('a replica', () => {
  it('knows nothing at first', () => {
    const replica = createReplica({ kind: 'ServiceAccount', maxObjects: 1, trim: trimAccount });
    assert.deepEqual([replica.version(), replica.objects().size], [undefined, 0]);
  });

  it('is what a list says, and of its version', () => {
    const replica = replicaOf(['a', 'b']);
    assert.deepEqual([keysOf(replica), replica.version()], [['a', 'b'], '7']);
  });

  it('forgets what a later list does not have', () => {
    const replica = replicaOf(['a', 'b']);
    assert.equal(take(replica, [named('b'), named('c')]), true);
    assert.deepEqual(keysOf(replica), ['b', 'c']);
  });

  it('stays the same object while a later list says the same', () => {
    const replica = replicaOf(['a', 'b']);
    const before = replica.objects();
    assert.equal(take(replica, [named('b', { labels: { new: 'label' } }), named('a')]), false);
    assert.equal(replica.objects(), before);
  });

  it('never changes what it gave away', () => {
    const replica = replicaOf(['a']);
    const before = replica.objects();
    replica.takeEvent(event('DELETED', named('a')));
    assert.deepEqual([before.size, replica.objects().size], [1, 0]);
  });

  it('stays as it is until a list is finished', () => {
    const replica = replicaOf(['a']);
    replica.startList().take(named('b'));
    assert.deepEqual(keysOf(replica), ['a']);
  });

  const events = [
    ['ADDED', named('b'), 'different', ['a', 'b']],
    ['ADDED', named('a'), 'same', ['a']],
    ['MODIFIED', named('a', { annotations: { a: 'b' } }), 'same', ['a']],
    ['MODIFIED', named('a', { uid: 'another' }), 'different', ['a']],
    ['MODIFIED', named('b'), 'different', ['a', 'b']],
    ['DELETED', named('a'), 'different', []],
    ['DELETED', named('b'), 'same', ['a']],
  ] as const;
  for (const [type, object, change, keys] of events)
    it(`takes ${type} of ${JSON.stringify(object['metadata'])} for ${change}`, () => {
      const replica = replicaOf(['a']);
      assert.equal(replica.takeEvent(event(type, object)), change);
      assert.deepEqual(keysOf(replica), keys);
    });

  it('is of the version of the last event, a bookmark included', () => {
    const replica = replicaOf(['a']);
    replica.takeEvent(event('ADDED', named('b', { resourceVersion: '8' })));
    assert.equal(replica.version(), '8');
    assert.equal(replica.takeEvent(bookmark('ServiceAccount', '9')), 'same');
    assert.equal(replica.version(), '9');
  });

  const errors = [
    [{ kind: 'Status', code: 410, reason: 'Expired' }, undefined],
    [{ kind: 'Status', code: 500 }, 'server_error'],
    [{ kind: 'Status', code: 429 }, 'throttled'],
    [{ kind: 'Status', code: 200 }, 'bad_answer'],
    [{ kind: 'Status', code: '410' }, 'bad_answer'],
    [{}, 'bad_answer'],
  ] as const;
  for (const [status, failure] of errors)
    it(`takes the error ${JSON.stringify(status)} for ${failure ?? 'gone'}`, () => {
      const replica = replicaOf(['a']);
      const told = () => replica.takeEvent(event('ERROR', status));
      if (failure === undefined) assert.equal(told(), 'gone');
      else assert.throws(told, failing(failure));
    });

  it('has no version once it is told to forget it, and still its objects', () => {
    const replica = replicaOf(['a']);
    replica.forgetVersion();
    assert.deepEqual([replica.version(), keysOf(replica)], [undefined, ['a']]);
  });

  const wrongEvents: readonly (readonly [string, unknown])[] = [
    ['nothing', null],
    ['a list', []],
    ['no object', { type: 'ADDED' }],
    ['an object that is a text', { type: 'ADDED', object: 'a' }],
    ['another kind', event('ADDED', { ...named('b'), kind: 'Pod' })],
    ['an object without a version', event('ADDED', named('b', { resourceVersion: undefined }))],
    ['an object with a version that is a number', event('ADDED', named('b', { resourceVersion: 8 }))],
    ['an object of another form', event('ADDED', named('b', { uid: undefined }))],
    ['a type nobody knows', event('MOVED', named('b'))],
    ['no type', { object: named('b') }],
  ];
  for (const [title, wrong] of wrongEvents)
    it(`is left as it was by an event that is ${title}`, () => {
      const replica = replicaOf(['a']);
      assert.throws(() => replica.takeEvent(wrong), failing('bad_answer'));
      assert.deepEqual([keysOf(replica), replica.version()], [['a'], '7']);
    });

  const wrongLists: readonly (readonly [string, Json])[] = [
    ['another kind', { kind: 'PodList' }],
    ['no kind', { kind: undefined }],
    ['no metadata', { metadata: undefined }],
    ['no version', { metadata: { resourceVersion: '' } }],
    ['more to come', { metadata: { resourceVersion: '8', continue: 'a-token' } }],
  ];
  for (const [title, overrides] of wrongLists)
    it(`is left as it was by a list with ${title}`, () => {
      const replica = replicaOf(['a']);
      assert.throws(() => take(replica, [named('b')], overrides), failing('bad_answer'));
      assert.deepEqual([keysOf(replica), replica.version()], [['a'], '7']);
    });

  it('holds as many objects as it may, and no more', () => {
    const replica = replicaOf(['a', 'b'], 2);
    assert.throws(() => replica.takeEvent(event('ADDED', named('c'))), failing('too_large'));
    assert.throws(() => take(replica, [named('a'), named('b'), named('c')]), failing('too_large'));
    replica.takeEvent(event('DELETED', named('a')));
    assert.equal(replica.takeEvent(event('ADDED', named('c'))), 'different');
    assert.deepEqual(keysOf(replica), ['b', 'c']);
  });

  it('takes any JSON for an event or a wrong answer', () => {
    const anything = fc.jsonValue() as fc.Arbitrary<unknown>;
    const types = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR');
    const object = fc.record({ kind: fc.constant('ServiceAccount'), metadata: anything, code: anything });
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.record({ type: types, object: fc.oneof(anything, object) })),
        (value) => {
          try {
            replicaOf(['a']).takeEvent(value);
          } catch (error) {
            assert.ok(error instanceof AnswerError);
          }
        },
      ),
    );
  });
});

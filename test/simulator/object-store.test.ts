/**
 * The object store of the simulated API server.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createStore, type ObjectChange, type StoredObject } from '../../simulator/object-store.ts';

const NOW = 1_795_000_000;

function world() {
  const changes: ObjectChange[] = [];
  let revision = 10;
  const store = createStore<StoredObject>({
    now: () => NOW,
    nextRevision: () => ++revision,
    onChange: (change) => changes.push(change),
  });
  const reported = (): readonly string[] =>
    changes.map(({ type, object }) => `${type} ${object.metadata.uid} ${object.metadata.resourceVersion}`);
  const set = (uid: string, name = 'a', namespace = 'default') =>
    store.set({ metadata: { namespace, name, uid } });
  return { store, set, reported, changes };
}

describe('the object store', () => {
  it('adds a creation time and a new revision to objects', () => {
    const { set } = world();
    assert.deepEqual(set('one').metadata, {
      creationTimestamp: '2026-11-18T11:06:40Z',
      namespace: 'default',
      name: 'a',
      uid: 'one',
      resourceVersion: '11',
    });
  });

  it('keeps the creation time of an object', () => {
    const { store } = world();
    const creationTimestamp = '2020-01-01T00:00:00Z';
    const kept = store.set({ metadata: { namespace: 'a', name: 'a', uid: 'a', creationTimestamp } });
    assert.equal(kept.metadata.creationTimestamp, creationTimestamp);
  });

  it('reports added, modified and deleted objects', () => {
    const { set, store, reported } = world();
    set('one');
    set('one');
    store.delete('default', 'a');
    assert.deepEqual(reported(), ['ADDED one 11', 'MODIFIED one 12', 'DELETED one 13']);
    assert.equal(store.get('default', 'a'), undefined);
  });

  it('reports the previous state of an object', () => {
    const { set, changes } = world();
    const first = set('one');
    set('one');
    assert.deepEqual(
      changes.map(({ before }) => before),
      [undefined, first],
    );
  });

  it('reports a replaced object with the same name as deleted and added', () => {
    const { set, reported } = world();
    set('one');
    set('two');
    assert.deepEqual(reported(), ['ADDED one 11', 'DELETED one 12', 'ADDED two 13']);
  });

  it('reports nothing when a missing object is deleted', () => {
    const { store, reported } = world();
    store.delete('default', 'a');
    assert.deepEqual(reported(), []);
  });

  it('sorts by namespace and name', () => {
    const { set, store } = world();
    set('one', 'b');
    set('two', 'a');
    set('three', 'z', 'a-namespace');
    assert.deepEqual(
      store.list().map(({ metadata }) => metadata.uid),
      ['three', 'two', 'one'],
    );
  });
});

/**
 * Objects as the API server keeps them.
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
  const told = (): readonly string[] =>
    changes.map(({ type, object }) => `${type} ${object.metadata.uid} ${object.metadata.resourceVersion}`);
  const set = (uid: string, name = 'a', namespace = 'default') =>
    store.set({ metadata: { namespace, name, uid } });
  return { store, set, told, changes };
}

describe('a store of objects', () => {
  it('stamps what it keeps with the time it was made and a new revision', () => {
    const { set } = world();
    assert.deepEqual(set('one').metadata, {
      creationTimestamp: '2026-11-18T11:06:40Z',
      namespace: 'default',
      name: 'a',
      uid: 'one',
      resourceVersion: '11',
    });
  });

  it('leaves the time an object says it was made at', () => {
    const { store } = world();
    const creationTimestamp = '2020-01-01T00:00:00Z';
    const kept = store.set({ metadata: { namespace: 'a', name: 'a', uid: 'a', creationTimestamp } });
    assert.equal(kept.metadata.creationTimestamp, creationTimestamp);
  });

  it('tells of an object that is new, changed and gone', () => {
    const { set, store, told } = world();
    set('one');
    set('one');
    store.delete('default', 'a');
    assert.deepEqual(told(), ['ADDED one 11', 'MODIFIED one 12', 'DELETED one 13']);
    assert.equal(store.get('default', 'a'), undefined);
  });

  it('tells what an object was before', () => {
    const { set, changes } = world();
    const first = set('one');
    set('one');
    assert.deepEqual(
      changes.map(({ before }) => before),
      [undefined, first],
    );
  });

  it('tells of another object of the same name as of one gone and one new', () => {
    const { set, told } = world();
    set('one');
    set('two');
    assert.deepEqual(told(), ['ADDED one 11', 'DELETED one 12', 'ADDED two 13']);
  });

  it('says nothing when what is not there is deleted', () => {
    const { store, told } = world();
    store.delete('default', 'a');
    assert.deepEqual(told(), []);
  });

  it('lists by namespace and name', () => {
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

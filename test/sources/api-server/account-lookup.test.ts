/**
 * The lookup of the service accounts of one node, for a single scan.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { createAccountLookup, lookupsOf } from '../../../src/sources/api-server/account-lookup.ts';
import type { ApiRequest } from '../../../src/sources/api-server/client/connection.ts';
import { type ApiResult, failed } from '../../../src/sources/api-server/client/failures.ts';
import { ok } from '../../../src/util/result.ts';
import { createCallbacks, createClock, createFakeApi, type FakeList } from './fakes.ts';
import { account, list, metadata } from './objects.ts';

const stops = new Set<AbortController>();

function named(namespace: string, name: string, more = {}) {
  return account({ metadata: metadata({ namespace, name, uid: `${namespace}-${name}`, ...more }) });
}

async function start(respond: (request: ApiRequest) => ApiResult<FakeList>) {
  const [clock, callbacks] = [createClock(), createCallbacks()];
  const api = createFakeApi(clock, { list: respond });
  const lookup = createAccountLookup({ api, clock, random: () => 0, callbacks });
  const stop = new AbortController();
  stops.add(stop);
  void lookup.run(stop.signal);
  const set = async (wanted: readonly string[], others: readonly string[] = []) => {
    lookup.setTargets(new Set(wanted), new Set(others));
    await clock.advance(0);
  };
  const paths = () => api.requests.map(({ path }) => path);
  return { lookup, callbacks, set, paths };
}

describe('lookupsOf', () => {
  it('lists a namespace once, and only the account if one is wanted', () => {
    assert.deepEqual(lookupsOf(new Set(['a/x', 'b/y', 'a/z'])), [
      { path: '/api/v1/namespaces/a/serviceaccounts?resourceVersion=0', keys: ['a/x', 'a/z'] },
      {
        path: '/api/v1/namespaces/b/serviceaccounts?fieldSelector=metadata.name%3Dy&resourceVersion=0',
        keys: ['b/y'],
      },
    ]);
  });

  it('lists the whole cluster instead of more than 64 namespaces', () => {
    const keys = (count: number) => new Set(Array.from({ length: count }, (_, index) => `n-${index}/x`));
    assert.equal(lookupsOf(keys(64)).length, 64);
    assert.deepEqual(lookupsOf(keys(65)), [
      { path: '/api/v1/serviceaccounts?resourceVersion=0', keys: [...keys(65)] },
    ]);
  });

  it('is empty without accounts', () => assert.deepEqual(lookupsOf(new Set()), []));
});

describe('the lookup of service accounts', () => {
  afterEach(() => {
    for (const stop of stops) stop.abort();
    stops.clear();
  });

  it('is starting until its targets are set and looked up', async () => {
    const { lookup, set } = await start(() => ok(list('ServiceAccount', [named('a', 'x')])));
    assert.deepEqual([lookup.state(), lookup.objects()], [{ isUp: false, failure: 'starting' }, undefined]);
    const looking = set(['a/x']);
    assert.deepEqual(lookup.state(), { isUp: false, failure: 'starting' });
    await looking;
    assert.deepEqual([lookup.state(), lookup.unreadable().size], [{ isUp: true }, 0]);
    assert.deepEqual([...(lookup.objects() ?? [])], [['a/x', { uid: 'a-x', isAutomounted: undefined }]]);
  });

  it('is up without targets, and sends no request', async () => {
    const { lookup, set, paths } = await start(() => failed('forbidden'));
    await set([], ['a/x']);
    assert.deepEqual([lookup.state(), paths()], [{ isUp: true }, []]);
  });

  it('has no account that does not exist, and does not know the others', async () => {
    const { lookup, set } = await start(() => ok(list('ServiceAccount', [])));
    await set(['a/x'], ['b/y']);
    assert.deepEqual([lookup.objects()?.size, [...lookup.unreadable()]], [0, ['b/y']]);
  });

  it('looks up each account once, and new ones when they are set', async () => {
    const { lookup, set, paths } = await start(({ path }) =>
      ok(list('ServiceAccount', path.includes('/a/') ? [named('a', 'x')] : [named('b', 'y')])),
    );
    await set(['a/x']);
    await set(['a/x']);
    await set(['a/x', 'b/y']);
    assert.equal(paths().length, 2);
    assert.deepEqual([...(lookup.objects()?.keys() ?? [])], ['a/x', 'b/y']);
  });

  it('lists the whole cluster for the accounts of namespaces whose request fails', async () => {
    const { lookup, set, paths } = await start(({ path }) =>
      path.includes('/a/')
        ? failed('bad_answer')
        : ok(
            list(
              'ServiceAccount',
              path.includes('/b/') ? [named('b', 'y')] : [named('a', 'x'), named('c', 'z')],
            ),
          ),
    );
    await set(['a/x', 'b/y', 'a/w']);
    assert.equal(paths().at(-1), '/api/v1/serviceaccounts?resourceVersion=0');
    assert.deepEqual([paths().length, lookup.state(), lookup.unreadable().size], [3, { isUp: true }, 0]);
    assert.deepEqual([...(lookup.objects()?.keys() ?? [])].sort(), ['a/x', 'b/y', 'c/z']);
  });

  it('does not know the accounts whose requests fail, and is down', async () => {
    const { lookup, set, callbacks } = await start(({ path }) =>
      path.includes('/b/') ? ok(list('ServiceAccount', [named('b', 'y')])) : failed('forbidden'),
    );
    await set(['a/x', 'b/y']);
    assert.deepEqual(lookup.state(), { isUp: false, failure: 'forbidden' });
    assert.deepEqual([[...(lookup.objects()?.keys() ?? [])], [...lookup.unreadable()]], [['b/y'], ['a/x']]);
    assert.deepEqual(callbacks.failures, ['forbidden', 'forbidden']);
  });

  it('is down with bad_answer after a malformed list', async () => {
    const { lookup, set } = await start(() => ok(list('Pod', [])));
    await set(['a/x']);
    assert.deepEqual(lookup.state(), { isUp: false, failure: 'bad_answer' });
    assert.deepEqual([lookup.objects(), [...lookup.unreadable()]], [undefined, ['a/x']]);
  });

  it('does not know an account that is malformed', async () => {
    const { lookup, set, callbacks } = await start(() =>
      ok(list('ServiceAccount', [named('a', 'x', { uid: 7 })])),
    );
    await set(['a/x']);
    assert.deepEqual([lookup.objects()?.size, [...lookup.unreadable()]], [0, ['a/x']]);
    assert.deepEqual(callbacks.dropped, ['malformed a/x']);
  });
});

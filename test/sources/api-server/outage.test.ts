/**
 * Outages of the API server, from the requests of the exporter.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ClusterFailure, ClusterResource } from '../../../src/core/cluster-facts.ts';
import { failed } from '../../../src/sources/api-server/client/failures.ts';
import { watchOutages } from '../../../src/sources/api-server/outage.ts';
import { ok } from '../../../src/util/result.ts';
import { createClock, createFakeApi } from './fakes.ts';

/** An API whose responses are given one by one, and what was said of outages. */
function start() {
  const clock = createClock();
  let response: ClusterFailure | 'answer' = 'answer';
  const fake = createFakeApi(clock, {
    request: () => (response === 'answer' ? ok({}) : failed(response)),
  });
  let changes = 0;
  const { api, outage } = watchOutages(fake, clock, () => {
    changes += 1;
  });
  const request = async (resource: ClusterResource, next: typeof response, signal?: AbortSignal) => {
    response = next;
    await api.request({ resource, path: '/', signal: signal ?? new AbortController().signal });
  };
  return { clock, api, fake, outage, request, changes: () => changes };
}

describe('an outage of the API server', () => {
  it('is not known before any request', () => assert.equal(start().outage(), undefined));

  it('begins when two resources fail, with the last response before', async () => {
    const { clock, outage, request, changes } = start();
    await request('pods', 'answer');
    const since = clock.now();
    await clock.advance(60_000);
    await request('pods', 'unreachable');
    assert.equal(outage(), undefined);
    await request('events', 'timeout');
    assert.deepEqual([outage(), changes()], [{ since, until: undefined }, 1]);
  });

  it('begins when one resource fails three times', async () => {
    const { outage, request } = start();
    for (const expected of [false, false, true]) {
      await request('pods', 'unreachable');
      assert.equal(outage() !== undefined, expected);
    }
  });

  it('has begun at 0 if the API server has never responded', async () => {
    const { outage, request } = start();
    await request('pods', 'unreachable');
    await request('keys', 'unreachable');
    assert.deepEqual(outage(), { since: 0, until: undefined });
  });

  for (const failure of ['server_error', 'tls', 'timeout'] as const)
    it(`is seen in ${failure}`, async () => {
      const { outage, request } = start();
      await request('pods', failure);
      await request('keys', failure);
      assert.notEqual(outage(), undefined);
    });

  for (const failure of ['forbidden', 'unauthorized', 'throttled', 'bad_answer'] as const)
    it(`ends with ${failure}, which is a response`, async () => {
      const { outage, request, changes, clock } = start();
      await request('pods', 'unreachable');
      await request('keys', 'unreachable');
      await request('keys', failure);
      assert.deepEqual([outage()?.until, changes()], [clock.now(), 2]);
    });

  it('does not begin if other resources respond in between', async () => {
    const { outage, request } = start();
    for (let round = 0; round < 5; round += 1) {
      await request('tokenreviews', 'server_error');
      await request('pods', 'answer');
    }
    assert.equal(outage(), undefined);
  });

  it('does not begin with requests that are aborted', async () => {
    const { outage, request } = start();
    for (const resource of ['pods', 'keys', 'events'] as const)
      await request(resource, 'unreachable', AbortSignal.abort());
    assert.equal(outage(), undefined);
  });

  it('ends with the event of a watch', async () => {
    const { api, fake, outage, request, clock } = start();
    const stop = new AbortController();
    const ended = api.watch(
      { resource: 'pods', path: '/', signal: stop.signal },
      { onOpen: () => undefined, onEvent: () => undefined },
    );
    await request('keys', 'unreachable');
    await request('events', 'unreachable');
    assert.equal(outage()?.until, undefined);
    await clock.advance(1_000);
    fake.openWatches()[0]?.send({});
    assert.equal(outage()?.until, clock.now());
    stop.abort();
    await ended;
  });

  it('gives way to the next one', async () => {
    const { clock, outage, request } = start();
    await request('pods', 'unreachable');
    await request('keys', 'unreachable');
    await request('keys', 'answer');
    const since = clock.now();
    await clock.advance(5_000);
    await request('pods', 'unreachable');
    await request('keys', 'unreachable');
    assert.deepEqual(outage(), { since, until: undefined });
  });
});

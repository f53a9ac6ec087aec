/**
 * The containers of a pod: which run, since when, and which volumes with tokens they see as they were at their start.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { containersOf } from '../../../src/sources/api-server/containers.ts';

const STARTED = '2026-11-24T10:00:00Z';
const ENDED = '2026-11-24T10:05:00Z';
const [STARTED_AT, ENDED_AT] = [STARTED, ENDED].map((text) => Date.parse(text) / 1_000);

const RUNNING = { running: { startedAt: STARTED } };
const TERMINATED = { terminated: { exitCode: 0, startedAt: STARTED, finishedAt: ENDED } };

type Json = Readonly<Record<string, unknown>>;

function containers(spec: Json, status: Json = {}, ...volumes: readonly string[]) {
  return containersOf(spec, status, new Set(volumes));
}

/** The main container, in this state. */
function inState(status: Json) {
  const [main] = containers({}, { containerStatuses: [{ name: 'main', ...status }] });
  return main && [main.isRunning, main.startedAt, main.finishedAt];
}

/** A container with this mount of `token`. */
function mounting(mount: Json) {
  const volumeMounts = [{ mountPath: '/a', name: 'token', ...mount }];
  return containers({ containers: [{ name: 'main', volumeMounts }] }, {}, 'token', 'other')[0];
}

describe('containersOf', () => {
  it('returns the containers of every kind', () => {
    const spec = {
      containers: [{ name: 'main' }],
      initContainers: [{ name: 'setup' }, { name: 'proxy', restartPolicy: 'Always' }],
      ephemeralContainers: [{ name: 'debug' }],
    };
    assert.deepEqual(
      containers(spec).map(({ name, kind }) => [name, kind]),
      [
        ['main', 'main'],
        ['setup', 'init'],
        ['proxy', 'restartable_init'],
        ['debug', 'ephemeral'],
      ],
    );
  });

  it('returns a container that the spec names and the kubelet has not reported', () => {
    const [main] = containers({ containers: [{ name: 'main' }] });
    assert.deepEqual([main?.isRunning, main?.startedAt, main?.finishedAt], [false, undefined, undefined]);
  });

  it('returns when a running container was started', () =>
    assert.deepEqual(inState({ state: RUNNING, lastState: TERMINATED }), [true, STARTED_AT, undefined]));

  it('returns when a container that has ended ran', () =>
    assert.deepEqual(inState({ state: TERMINATED }), [false, STARTED_AT, ENDED_AT]));

  it('returns the last run of a container that waits to be restarted', () => {
    const status = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: TERMINATED };
    assert.deepEqual(inState(status), [false, STARTED_AT, ENDED_AT]);
  });

  it('returns no run of a container that waits for its first', () =>
    assert.deepEqual(inState({ state: { waiting: {} }, lastState: {} }), [false, undefined, undefined]));

  for (const startedAt of [null, undefined, 7, 'yesterday', '1970-01-01T00:00:00Z'])
    it(`returns no time for a running container with startedAt ${JSON.stringify(startedAt)}`, () =>
      assert.deepEqual(inState({ state: { running: { startedAt } } }), [true, undefined, undefined]));

  for (const [mount, volumes] of [
    [{}, ['token']],
    [{ mountPropagation: 'None', subPath: '', readOnly: true }, ['token']],
    [{ mountPropagation: 'HostToContainer' }, []],
    [{ mountPropagation: 'Bidirectional' }, []],
    [{ mountPropagation: 7 }, []],
    [{ subPath: 'token' }, []],
    [{ subPathExpr: '$(NAME)' }, []],
    [{ name: 'data' }, []],
  ] as const)
    it(`returns that a mount with ${JSON.stringify(mount)} fixes ${volumes.length} volumes`, () =>
      assert.deepEqual(mounting(mount)?.fixedVolumes, volumes));

  for (const [mount, hasCopies] of [
    [{}, false],
    [{ subPath: '' }, false],
    [{ subPath: 'token' }, true],
    [{ subPathExpr: '$(NAME)' }, true],
    [{ subPath: 7 }, true],
    [{ name: 'data', subPath: 'token' }, false],
  ] as const)
    it(`returns that a mount with ${JSON.stringify(mount)} has ${hasCopies ? '' : 'no '}copies`, () =>
      assert.equal(mounting(mount)?.hasCopies, hasCopies));

  it('omits what is malformed and returns the rest', () => {
    const odd = ['main', 7, { name: 'A\nB' }, { name: 7 }, { name: 'a', state: 'running' }, { name: 'a' }];
    const containerStatuses = [...odd, { name: 'main', state: RUNNING }];
    const spec = { containers: odd, initContainers: 'main' };
    assert.deepEqual(
      containers(spec, { containerStatuses, initContainerStatuses: {} }).map(({ name, isRunning }) => [
        name,
        isRunning,
      ]),
      [
        ['a', false],
        ['main', true],
      ],
    );
  });

  it('returns at most 256 containers and 1,024 of their volumes', () => {
    const names = Array.from({ length: 300 }, (_, index) => `v${index}`);
    const volumeMounts = names.map((name) => ({ name, mountPath: `/${name}` }));
    const all = containers({ containers: names.map((name) => ({ name, volumeMounts })) }, {}, ...names);
    assert.equal(all.length, 256);
    assert.equal(all.flatMap(({ fixedVolumes }) => fixedVolumes).length, 1_024);
  });

  it('returns names and times, for any JSON', () => {
    const status = fc.record({
      name: fc.constantFrom('a', 'b', 7),
      state: fc.jsonValue(),
      lastState: fc.jsonValue(),
    });
    const spec = fc.record({ name: fc.constantFrom('a', 'c'), volumeMounts: fc.array(fc.jsonValue()) });
    const any = <T>(item: fc.Arbitrary<T>) => fc.oneof(fc.jsonValue(), fc.array(item));
    fc.assert(
      fc.property(any(spec), any(status), (specs, statuses) => {
        const all = containers({ containers: specs }, { containerStatuses: statuses }, 'token');
        for (const { name, startedAt } of all) {
          assert.equal(typeof name, 'string');
          assert.ok(startedAt === undefined || startedAt > 0);
        }
      }),
    );
  });
});

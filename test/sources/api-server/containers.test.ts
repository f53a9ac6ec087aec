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
  return containersOf(spec, status, new Set(volumes)).containers;
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

  for (const [mount, copied] of [
    [{}, []],
    [{ subPath: '' }, []],
    [{ subPath: 'token' }, ['token']],
    [{ subPathExpr: '$(NAME)' }, ['token']],
    [{ subPath: 7 }, ['token']],
    [{ name: 'data', subPath: 'token' }, []],
  ] as const)
    it(`returns that a mount with ${JSON.stringify(mount)} has copies of ${copied.length} volumes`, () =>
      assert.deepEqual(mounting(mount)?.copiedVolumes, copied));

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

  it('returns whether all are known', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const isCut = (spec: Json) => containersOf(spec, {}, new Set(names)).hasUnknownContainers === true;
    /** So many containers, each of which mounts so many volumes. */
    const mountingMany = (count: number, volumes: number) => {
      const volumeMounts = names.slice(0, volumes).map((name) => ({ name, subPath: 'token' }));
      return { containers: many(count).map((one) => ({ ...one, volumeMounts })) };
    };
    const many = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `c${index}` }));
    for (const spec of [{}, { containers: null }, { containers: many(256) }, mountingMany(204, 5)])
      assert.equal(isCut(spec), false, JSON.stringify(spec).slice(0, 80));
    for (const spec of [
      { containers: many(257) },
      { containers: many(256), initContainers: [{ name: 'init' }] },
      { containers: 'main' },
      { initContainers: { name: 'init' } },
      { containers: [{ name: 'a' }, 7] },
      { containers: [{ name: 'a' }, { name: 'A\nB' }] },
      { containers: [{ name: 'a' }, { name: 'a', volumeMounts: [] }] },
      { containers: [{ name: 'a', volumeMounts: {} }] },
      { containers: [{ name: 'a', volumeMounts: ['token'] }] },
      { containers: [{ name: 'a', volumeMounts: [{ subPath: 'token' }] }] },
      mountingMany(205, 5),
    ])
      assert.equal(isCut(spec), true, JSON.stringify(spec).slice(0, 80));
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

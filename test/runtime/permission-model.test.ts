/**
 * Whether a process is locked down, and what it says where it was started so that it cannot do its work.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { exposures, isLockedDown, missing } from '../../src/runtime/permission-model.ts';

/** Allows reading at these paths. */
function allowing(...paths: readonly string[]) {
  return {
    has: (scope: string, path = '') =>
      scope === 'fs.read' && paths.some((allowed) => allowed === path || allowed === '*'),
  };
}

describe('a process', () => {
  const launch = {
    execArgv: ['--permission', '--allow-net'],
    nodeOptions: undefined,
    permission: allowing(),
  };

  const cases = [
    ['is locked down with reading and the network left', {}, true],
    ['is not where Node allows everything', { permission: undefined }, false],
    ['is not where it may read everything', { permission: { has: () => true } }, false],
    ['is not with more on its command line', { execArgv: ['--permission', '--allow-worker'] }, false],
    ['is not with more in NODE_OPTIONS', { nodeOptions: '--allow-child-process' }, false],
    ['is with more to read in NODE_OPTIONS', { nodeOptions: '--allow-fs-read=/etc/x' }, true],
  ] as const;
  for (const [title, changed, expected] of cases)
    it(title, () => assert.equal(isLockedDown({ ...launch, ...changed }), expected));

  it('is told every flag that lays open what it reads', () => {
    const problems = exposures({ execArgv: ['--permission-audit'], nodeOptions: '--report-on-signal' });
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      ['--permission-audit', '--report-on-signal'],
    );
  });
});

describe('what is missing', () => {
  const needs = [
    { by: '--kubelet.root-dir', path: '/a', isFolder: true },
    { by: '--audience.expect', path: '/b', isFolder: false },
  ];

  it('is nothing where all is allowed', () => {
    assert.deepEqual(missing(needs, allowing('/a/any', '/b')), []);
  });

  it('is a folder of which only the name is allowed', () => {
    assert.deepEqual(missing(needs, allowing('/a', '/b')), [
      '--kubelet.root-dir: Node was started without leave to read /a: start it with --allow-fs-read=/a/*',
    ]);
  });

  it('is told all at once', () => assert.equal(missing(needs, allowing()).length, 2));
});

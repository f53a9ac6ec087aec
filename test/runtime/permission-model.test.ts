/**
 * Node's permission model: which flags lock a process down, which undo that, and what a locked-down process can read.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import {
  exposureProblems,
  flagNames,
  isLockedDown,
  permissionFlags,
  permissionProblems,
} from '../../src/runtime/permission-model.ts';

const isKnown = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);

describe('the flags of the permission model', () => {
  it('leave out those that this version of Node does not have', () => {
    assert.deepEqual(
      permissionFlags([], (flag) => flag !== '--allow-net'),
      permissionFlags([], () => true).filter((flag) => flag !== '--allow-net'),
    );
  });
});

describe('the names of flags', () => {
  it('are read from the command line and from NODE_OPTIONS, in any spelling', () => {
    assert.deepEqual(flagNames(['--a=b', '--c_d', 'main.js'], ' --e "--f=g h"  -i -r h'), [
      '--a',
      '--c-d',
      '--e',
      '--f',
      '-r',
    ]);
  });
});

describe('serve', () => {
  for (const flag of [
    '--abort-on-uncaught-exception',
    '--allow-inspector',
    '--heapsnapshot-near-heap-limit',
    '--heapsnapshot-signal',
    '--permission-audit',
    '--report-on-fatalerror',
    '--report-on-signal',
    '--report-uncaught-exception',
  ])
    it(`does not start with ${flag}, which can expose tokens`, () => {
      assert.ok(isKnown(flag));
      assert.deepEqual(exposureProblems({ execArgv: ['--permission', flag], nodeOptions: undefined }), [
        `${flag}: serve does not start with this Node flag, which can expose tokens; remove it`,
      ]);
    });

  for (const flag of ['--require', '-r', '--import', '--loader', '--experimental-loader'])
    it(`does not start with ${flag} in NODE_OPTIONS, as instrumentation webhooks set it`, () => {
      const [problem = '', ...others] = exposureProblems({ execArgv: [], nodeOptions: `${flag} /otel.js` });
      assert.ok(
        problem.startsWith(`NODE_OPTIONS: serve does not start with ${flag}, which loads other code`),
      );
      assert.deepEqual(others, []);
    });

  it('starts with the flags of the permission model, and with flags that expose nothing by themselves', () => {
    const execArgv = [...permissionFlags([], () => true), '--report-compact', '--no-allow-inspector'];
    assert.deepEqual(exposureProblems({ execArgv, nodeOptions: undefined }), []);
  });

  it('reports every flag that can expose tokens', () => {
    const problems = exposureProblems({
      execArgv: ['--permission-audit'],
      nodeOptions: '--report-on-signal',
    });
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      ['--permission-audit', '--report-on-signal'],
    );
  });
});

/** Each named file: whether the process was allowed to read it. */
const PROBE = `
  const { readFileSync } = require('node:fs');
  const isRead = (path) => { try { readFileSync(path); return true; } catch { return false; } };
  console.log(JSON.stringify(process.argv.slice(1).map(isRead)));
`;

describe('a process with these flags', () => {
  const root = mkdtempSync(join(tmpdir(), 'satoken-flags-'));
  const at = (name: string): string => join(root, name);

  /** Whether a process that may read one path can read each of the files. */
  const readable = (path: string, isFolder: boolean, ...files: readonly string[]): unknown => {
    const flags = permissionFlags([{ requiredBy: '', path: at(path), isFolder }], isKnown);
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', PROBE, ...files.map(at)], {
      encoding: 'utf8',
      cwd: '/',
      env: { NODE_V8_COVERAGE: '' },
    });
    assert.doesNotMatch(stderr, /Experimental/);
    return JSON.parse(stdout);
  };

  before(() => {
    for (const file of ['a/file', 'a/sub/file', 'ab/file', 'with, comma and space/file', 'real/file']) {
      mkdirSync(dirname(at(file)), { recursive: true });
      writeFileSync(at(file), '');
    }
    symlinkSync('real', at('link'));
    symlinkSync(at('ab/file'), at('a/outward'));
  });
  after(() => rmSync(root, { recursive: true }));

  const cases = [
    [
      'everything below a folder, and nothing next to it',
      'a',
      true,
      ['a/file', 'a/sub/file', 'ab/file'],
      [true, true, false],
    ],
    ['a file, and not another in its folder', 'a/file', false, ['a/file', 'a/sub/file'], [true, false]],
    [
      'a folder with a comma and spaces',
      'with, comma and space',
      true,
      ['with, comma and space/file'],
      [true],
    ],
    ['a link by its own name only', 'link', true, ['link/file', 'real/file'], [true, false]],
    ['the target of a link by its own name only', 'real', true, ['link/file', 'real/file'], [false, true]],
    ['the target of a link below a folder', 'a', true, ['a/outward'], [true]],
    ['no path that leads out of a folder', 'a', true, ['a/../ab/file'], [false]],
  ] as const;
  for (const [title, path, isFolder, files, expected] of cases)
    it(`can read ${title}`, () => assert.deepEqual(readable(path, isFolder, ...files), expected));
});

/** A permission to read these paths; `*` stands for all. */
function allowing(...paths: readonly string[]) {
  return {
    has: (scope: string, path = '') =>
      scope === 'fs.read' && paths.some((allowed) => allowed === path || allowed === '*'),
  };
}

describe('a process is locked down', () => {
  const launch = {
    execArgv: ['--permission', '--allow-net'],
    nodeOptions: undefined,
    permission: allowing(),
  };

  const cases = [
    ['if it can only read listed paths and use the network', {}, true],
    ['but not if Node allows everything', { permission: undefined }, false],
    ['but not if it may read everything', { permission: { has: () => true } }, false],
    ['but not if its command line allows more', { execArgv: ['--permission', '--allow-worker'] }, false],
    ['but not if NODE_OPTIONS allows more', { nodeOptions: '--allow-child-process' }, false],
    ['also if NODE_OPTIONS lists another path to read', { nodeOptions: '--allow-fs-read=/etc/x' }, true],
  ] as const;
  for (const [title, changed, expected] of cases)
    it(title, () => assert.equal(isLockedDown({ ...launch, ...changed }), expected));

  it('with the flags of the permission model', () => {
    const execArgv = permissionFlags([], () => true);
    assert.ok(isLockedDown({ ...launch, execArgv }));
  });

  for (const scope of ['child-process', 'worker', 'addons', 'wasi', 'ffi', 'fs-write'])
    it(`but not with --allow-${scope}`, () => {
      assert.ok(!isLockedDown({ ...launch, execArgv: ['--permission', `--allow-${scope}`] }));
    });
});

describe('a permission problem', () => {
  const paths = [
    { requiredBy: '--kubelet.root-dir', path: '/a', isFolder: true },
    { requiredBy: '--audience.expect', path: '/b', isFolder: false },
  ];

  it('does not exist if every path is allowed', () => {
    assert.deepEqual(permissionProblems(paths, allowing('/a/any', '/b')), []);
  });

  it('is a folder of which only the name is allowed, with the flag that allows its content', () => {
    assert.deepEqual(permissionProblems(paths, allowing('/a', '/b')), [
      "--kubelet.root-dir: Node's permission model denies reading /a; add --allow-fs-read=/a/*",
    ]);
  });

  it('is reported for every path at once', () =>
    assert.equal(permissionProblems(paths, allowing()).length, 2));
});

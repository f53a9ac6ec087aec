/**
 * What Node is told, and which of its flags lay open what the program reads.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { exposingFlags, flagsGiven, isOpened, lockingFlags } from '../../src/runtime/permission-flags.ts';

const isKnown = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);

describe('flags of Node', () => {
  it('are left out where this Node does not know them', () => {
    assert.deepEqual(
      lockingFlags([], (flag) => flag !== '--allow-net'),
      lockingFlags([], () => true).filter((flag) => flag !== '--allow-net'),
    );
  });

  it('are found on the command line and in NODE_OPTIONS, however they are written', () => {
    assert.deepEqual(flagsGiven(['--a=b', '--c_d', 'main.js'], ' --e "--f=g h"  -i'), [
      '--a',
      '--c-d',
      '--e',
      '--f',
    ]);
  });

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
    it(`expose what is read where ${flag} is one of them`, () => {
      assert.ok(isKnown(flag));
      assert.deepEqual(exposingFlags(['--permission', flag]), [flag]);
    });

  it('expose nothing where they shape a report that nothing asks for, or are the usual ones', () => {
    const flags = lockingFlags([], () => true);
    assert.deepEqual(exposingFlags([...flagsGiven(flags), '--report-compact', '--no-allow-inspector']), []);
    assert.ok(!isOpened(flagsGiven(flags)));
  });

  for (const scope of ['child-process', 'worker', 'addons', 'wasi', 'ffi', 'fs-write'])
    it(`open the process where they allow ${scope}`, () => assert.ok(isOpened([`--allow-${scope}`])));
});

/** Each named file: whether the process was allowed to read it. */
const PROBE = `
  const { readFileSync } = require('node:fs');
  const isRead = (path) => { try { readFileSync(path); return true; } catch { return false; } };
  console.log(JSON.stringify(process.argv.slice(1).map(isRead)));
`;

describe('what Node makes of them', () => {
  const root = mkdtempSync(join(tmpdir(), 'satoken-flags-'));
  const at = (name: string): string => join(root, name);

  /** Which of the files a process may read that was started with leave for one path. */
  const readable = (path: string, isFolder: boolean, ...files: readonly string[]): unknown => {
    const flags = lockingFlags([{ by: '', path: at(path), isFolder }], isKnown);
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
      'all below a folder, and not beside it',
      'a',
      true,
      ['a/file', 'a/sub/file', 'ab/file'],
      [true, true, false],
    ],
    ['a file, and not its neighbour', 'a/file', false, ['a/file', 'a/sub/file'], [true, false]],
    [
      'a folder with a comma and spaces',
      'with, comma and space',
      true,
      ['with, comma and space/file'],
      [true],
    ],
    ['a link by its own name alone', 'link', true, ['link/file', 'real/file'], [true, false]],
    ['what a link leads to by its own name alone', 'real', true, ['link/file', 'real/file'], [false, true]],
    ['what a link below a folder leads to', 'a', true, ['a/outward'], [true]],
    ['no way up', 'a', true, ['a/../ab/file'], [false]],
  ] as const;
  for (const [title, path, isFolder, files, expected] of cases)
    it(`allows ${title}`, () => assert.deepEqual(readable(path, isFolder, ...files), expected));
});

/**
 * Every step of every fix, pasted into a real shell: names may be as hostile as a folder's name can be.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CHECKS } from '../../../src/core/checks/index.ts';
import { legacyToken, token } from '../../support/tokens.ts';

/** All that a step may call. Each writes down the words it was called with, a NUL after each. */
const COMMANDS = ['grep', 'journalctl', 'kubectl', 'systemctl', 'timedatectl'];
const RECORD = '#!/bin/sh\nprintf \'%s\\0\' "$@" >> "$CALLS"\n';

const HOSTILE = [
  '$(: > pwned)',
  '`: > pwned`',
  "'; : > pwned; '",
  '"; : > pwned; "',
  "'$(: > pwned)'",
  "\\'; : > pwned; #",
  '> pwned',
  '<pwned',
  '| : > pwned',
  '& : > pwned',
  '-f pwned',
  '--help',
  '!! # pwned',
  '~ * ? {a,b} $HOME \\x0a',
];

describe('the steps of a fix in a shell', () => {
  let root = '';
  before(() => {
    root = mkdtempSync(`${tmpdir()}/satoken-shell-`);
    mkdirSync(`${root}/bin`);
    for (const name of COMMANDS) {
      writeFileSync(`${root}/bin/${name}`, RECORD);
      chmodSync(`${root}/bin/${name}`, 0o755);
    }
  });
  beforeEach(() => {
    rmSync(`${root}/work`, { recursive: true, force: true });
    mkdirSync(`${root}/work`);
    writeFileSync(`${root}/calls`, '');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  /** Runs a step, be it a command or a sentence, and answers all words that commands were called with. */
  const paste = (step: string): readonly string[] => {
    const env = { PATH: `${root}/bin`, CALLS: `${root}/calls`, HOME: '/home' };
    const run = spawnSync('/bin/sh', ['-c', step], { cwd: `${root}/work`, env });
    assert.equal(run.error, undefined);
    return readFileSync(`${root}/calls`, 'utf8').split('\0');
  };

  for (const { reason, fix } of CHECKS) {
    it(`of ${reason} change no file, whatever the names`, () => {
      const steps = HOSTILE.flatMap((podUid) => [
        ...fix(token({ identity: { podUid } })),
        ...fix(legacyToken({ identity: { podUid }, claims: { secret: undefined } })),
      ]);
      for (const step of new Set(steps)) paste(step);
      assert.deepEqual(readdirSync(`${root}/work`), []);
    });
  }

  it('hand the name of a folder on as it is', () => {
    const isLookup = (step: string) => step.includes('kubectl get pods -A');
    const fixes = CHECKS.map(({ fix }) => fix).filter((fix) => fix(legacyToken()).some(isLookup));
    assert.ok(fixes.length > 0);
    for (const fix of fixes) {
      for (const podUid of HOSTILE) {
        const [step = ''] = fix(legacyToken({ identity: { podUid } })).filter(isLookup);
        writeFileSync(`${root}/calls`, '');
        assert.ok(paste(step).includes(podUid), step);
      }
    }
  });

  it('really run: a shell that is fooled is noticed', () => {
    paste('kubectl get pod $(: > pwned)');
    assert.deepEqual(readdirSync(`${root}/work`), ['pwned']);
  });
});

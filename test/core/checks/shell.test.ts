/**
 * Every step of every fix, run by a real shell, with names as hostile as a folder's name can be.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CHECKS, POD_CHECKS } from '../../../src/core/checks/index.ts';
import { legacyToken, token } from '../../support/tokens.ts';

/** Every command of a step, replaced by one that records its arguments, a NUL after each. */
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

describe('the steps of a fix, in a shell', () => {
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

  /** Runs a step, a command or a sentence, and returns the arguments of every command that it called. */
  const paste = (step: string): readonly string[] => {
    const env = { PATH: `${root}/bin`, CALLS: `${root}/calls`, HOME: '/home' };
    const run = spawnSync('/bin/sh', ['-c', step], { cwd: `${root}/work`, env });
    assert.equal(run.error, undefined);
    return readFileSync(`${root}/calls`, 'utf8').split('\0');
  };

  for (const { reason, fix } of CHECKS) {
    it(`change no file if ${reason} fails for a pod with a hostile name`, () => {
      const steps = HOSTILE.flatMap((podUid) => [
        ...fix(token({ identity: { podUid } })),
        ...fix(legacyToken({ identity: { podUid }, claims: { secret: undefined } })),
      ]);
      for (const step of new Set(steps)) paste(step);
      assert.deepEqual(readdirSync(`${root}/work`), []);
    });
  }

  for (const { reason, fixMissing } of POD_CHECKS) {
    it(`change no file if ${reason} fails for a pod`, () => {
      for (const step of fixMissing(token().identity)) paste(step);
      assert.deepEqual(readdirSync(`${root}/work`), []);
    });
  }

  it('that are commands parse, and call kubectl or look at the node', () => {
    const commands = [
      ...CHECKS.flatMap(({ fix }) => [...fix(token()), ...fix(legacyToken())]),
      ...POD_CHECKS.flatMap(({ fixMissing }) => fixMissing(token().identity)),
    ].filter((step) => COMMANDS.some((name) => step.startsWith(`${name} `)));
    assert.ok(commands.length > 0);
    for (const command of new Set(commands)) {
      writeFileSync(`${root}/calls`, '');
      assert.ok(paste(command).length > 1, command);
    }
  });

  it('pass the name of a folder on unchanged', () => {
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

  it('really run, so that an injected command would be noticed', () => {
    paste('kubectl get pod $(: > pwned)');
    assert.deepEqual(readdirSync(`${root}/work`), ['pwned']);
  });
});

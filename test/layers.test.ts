/**
 * The layers of the design are lint rules: each of them really refuses what it is there to refuse.
 *
 * Violations are written to a folder of their own and linted with the project's configuration.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';

const ROOT = new URL('../', import.meta.url).pathname;

const FORBIDDEN = [
  ['src/core/a.ts', "import { sep } from 'node:path';"],
  ['src/core/checks/b.ts', "import { readFile } from 'node:fs/promises';"],
  ['src/core/c.ts', "import type { Stats } from 'node:fs';"],
  ['src/core/d.ts', "import { Gauge } from 'prom-client';"],
  ['src/core/e.ts', "export * from '../sources/paths.ts';"],
  ['src/core/f.ts', "import { createPrint } from '../exposition/text.ts';"],
  ['src/core/checks/g.ts', "export const late = await import('../../reconcile.ts');"],
  ['src/core/h.ts', 'export const now = () => Date.now();'],
  ['src/core/i.ts', "export const ask = () => fetch('http://localhost');"],
  ['src/sources/a.ts', "import { createPrint } from '../exposition/text.ts';"],
  ['src/sources/b.ts', "import express from 'express';"],
  ['src/sources/c.ts', 'export const home = process.env;'],
  ['src/sources/d.ts', "import { setTimeout } from 'node:timers/promises';"],
  ['src/sources/e.ts', "import { createKubelet } from '../simulator/kubelet.ts';"],
  ['src/exposition/a.ts', "import { readToken } from '../sources/token-file.ts';"],
  ['src/exposition/b.ts', "import { readFile } from 'node:fs/promises';"],
  ['src/exposition/c.ts', 'export const now = () => new Date();'],
  ['src/config/a.ts', "import { readAudienceRules } from '../sources/audience-rules.ts';"],
  ['src/config/b.ts', "import { argv } from 'node:process';"],
  ['src/cli/scan.ts', "import { createKubelet } from '../simulator/kubelet.ts';"],
  ['src/cli/demo.ts', 'export const args = process.argv;'],
  ['src/serve.ts', 'export const later = setTimeout;'],
  ['src/reconcile.ts', 'export const now = () => performance.now();'],
  ['src/log.ts', "import { Gauge } from 'prom-client';"],
  ['src/simulator/a.ts', "import { readClaims } from '../core/claims.ts';"],
  ['src/simulator/b.ts', "import { DATA } from '../sources/paths.ts';"],
  ['src/simulator/c.ts', "import { jwtDecode } from 'jwt-decode';"],
] as const;

const ALLOWED = [
  ['src/main.ts', 'export const now = () => [Date.now(), process.argv];'],
  ['src/core/ok.ts', "import { jwtDecode } from 'jwt-decode';"],
  ['src/sources/ok.ts', "import { readFile } from 'node:fs/promises';"],
  ['src/exposition/ok.ts', "import express from 'express';"],
  ['src/cli/ok/demo.ts', "import type { Snapshot } from '../../core/snapshot.ts';"],
  ['src/simulator/ok.ts', "import { SignJWT } from 'jose';"],
] as const;

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly location: { readonly path: string };
  }[];
}

describe('the layers', () => {
  let folder = '';
  let refused = new Set<string>();

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'layers-'));
    cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
    for (const [file, line] of [...FORBIDDEN, ...ALLOWED]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `${line}\n`);
    }
    const biome = join(ROOT, 'node_modules/.bin/biome');
    const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json', '.'];
    const { stdout } = spawnSync(biome, args, { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as Report;
    const restrictions = diagnostics.filter(({ category }) => category.startsWith('lint/style/noRestricted'));
    refused = new Set(restrictions.map(({ location }) => location.path));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [file, line] of FORBIDDEN) {
    it(`${file} must not say: ${line}`, () => assert.ok(refused.has(file)));
  }
  for (const [file, line] of ALLOWED) {
    it(`${file} may say: ${line}`, () => assert.ok(!refused.has(file)));
  }
});

/**
 * The layers of the design are lint rules: each of them really refuses what it is there to refuse.
 *
 * Violations are written to a folder of their own and linted with the project's configuration.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { BIOME_LAYERS } from '../lint/layers.ts';
import { assertCurrent } from './support/generated.ts';

const ROOT = new URL('../', import.meta.url).pathname;

const FORBIDDEN = [
  ['src/util/a.ts', "import type { Token } from '../core/token.ts';"],
  ['src/util/b.ts', "import { readFile } from 'node:fs/promises';"],
  ['src/core/a.ts', "import { sep } from 'node:path';"],
  ['src/core/checks/b.ts', "import { readFile } from 'node:fs/promises';"],
  ['src/core/c.ts', "import type { Stats } from 'node:fs';"],
  ['src/core/d.ts', "import { Gauge } from 'prom-client';"],
  ['src/core/e.ts', "export * from '../sources/files/paths.ts';"],
  ['src/core/f.ts', "import { createPrint } from '../metrics/text.ts';"],
  ['src/core/checks/g.ts', "export const late = await import('../../app/serve.ts');"],
  ['src/core/h.ts', 'export const now = () => Date.now();'],
  ['src/core/i.ts', "export const ask = () => fetch('http://localhost');"],
  ['src/core/j.ts', "import { jwtDecode } from 'jwt-decode';"],
  ['src/sources/a.ts', "import { createPrint } from '../metrics/text.ts';"],
  ['src/sources/files/b.ts', "import express from 'express';"],
  ['src/sources/files/c.ts', 'export const home = process.env;'],
  ['src/sources/files/d.ts', "import { setTimeout } from 'node:timers/promises';"],
  ['src/sources/files/e.ts', "import { createKubelet } from '../../../simulator/kubelet.ts';"],
  ['src/sources/files/f.ts', "import type { Config } from '../../config/options.ts';"],
  ['src/sources/reads/thread/inotify.ts', "import { dlopen } from 'node:ffi';"],
  ['src/metrics/a.ts', "import type { Config } from '../config/options.ts';"],
  ['src/metrics/b.ts', "import { createServer } from '../web/server.ts';"],
  ['src/metrics/c.ts', "import { Gauge } from 'prom-client';"],
  ['src/config/a.ts', "import { METRICS } from '../metrics/rows.ts';"],
  ['src/config/b.ts', "import { argv } from 'node:process';"],
  ['src/web/a.ts', "import { serve } from '../app/serve.ts';"],
  ['src/web/page/b.ts', "import { explain } from '../../cli/explain.ts';"],
  ['src/web/routes.ts', "import type { Request } from 'express';"],
  ['src/web/auth/auth.ts', "import { bcryptVerify } from 'hash-wasm';"],
  ['src/web/config/schema.ts', "import type { Pair } from 'yaml';"],
  ['src/config/audience-rules.ts', "import { parse } from 'yaml';"],
  ['src/web/c.ts', 'export const now = () => new Date();'],
  ['src/app/a.ts', "import { explain } from '../cli/explain.ts';"],
  ['src/app/b.ts', 'export const later = setTimeout;'],
  ['src/app/c.ts', 'export const now = () => performance.now();'],
  ['src/app/d.ts', "import { createKubelet } from '../../simulator/kubelet.ts';"],
  ['src/runtime/a.ts', "import { serve } from '../app/serve.ts';"],
  ['src/runtime/b.ts', 'export const args = process.argv;'],
  ['src/runtime/c.ts', "import { argv } from 'node:process';"],
  ['src/app/e.ts', "import { lockDown } from '../runtime/lock-down.ts';"],
  ['src/web/d.ts', "import { systemClock } from '../runtime/system-clock.ts';"],
  ['src/cli/a.ts', 'export const now = () => Date.now();'],
  ['src/cli/scan.ts', "import { createKubelet } from '../../simulator/kubelet.ts';"],
  ['src/cli/demo.ts', 'export const args = process.argv;'],
  ['simulator/a.ts', "import { readClaims } from '../src/core/token/claims.ts';"],
  ['simulator/api/b.ts', "import { DATA } from '../../src/sources/files/paths.ts';"],
  ['simulator/c.ts', "import { jwtDecode } from 'jwt-decode';"],
] as const;

const ALLOWED = [
  ['src/main.ts', 'export const now = () => [Date.now(), process.argv];'],
  ['src/core/token/decode.ts', "import { jwtDecode } from 'jwt-decode';"],
  ['src/sources/files/ok.ts', "import { readFile } from 'node:fs/promises';"],
  ['src/sources/files/turn.ts', "import { setImmediate } from 'node:timers/promises';"],
  ['src/sources/reads/thread/libc.ts', "import { dlopen } from 'node:ffi';"],
  ['src/metrics/exporter-metrics.ts', "import { Gauge } from 'prom-client';"],
  ['src/web/express.ts', "import express from 'express';"],
  ['src/web/auth/password.ts', "import { bcryptVerify } from 'hash-wasm';"],
  ['src/config/yaml-file.ts', "import { parse } from 'yaml';"],
  ['src/config/yaml-schema.ts', "import type { Pair } from 'yaml';"],
  ['src/runtime/ok.ts', "import { setTimeout } from 'node:timers/promises';"],
  ['src/cli/ok.ts', "import type { Snapshot } from '../core/snapshot.ts';"],
  ['simulator/ok.ts', "import { SignJWT } from 'jose';"],
] as const;

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly location: { readonly path: string };
  }[];
}

describe('the layers', () => {
  it('are in the rules of the linter as they are in the table', () => {
    const written: unknown = JSON.parse(readFileSync(join(ROOT, 'lint/layers.json'), 'utf8'));
    assertCurrent(
      'lint/layers.json',
      JSON.stringify(written, null, 2),
      JSON.stringify(BIOME_LAYERS, null, 2),
    );
  });

  let folder = '';
  let refused = new Set<string>();

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'layers-'));
    mkdirSync(join(folder, 'lint'));
    for (const file of ['biome.json', 'lint/layers.json']) cpSync(join(ROOT, file), join(folder, file));
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

describe('the folders of src', () => {
  const MAX_FILES = 20;
  const sources = execFileSync('git', ['ls-files', '-z', 'src'], { cwd: ROOT, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '');
  const counts = Map.groupBy(sources, dirname);

  it(`have at most ${MAX_FILES} files, except for the folder of the checks`, () => {
    const full = [...counts].filter(([, files]) => files.length > MAX_FILES).map(([folder]) => folder);
    assert.deepEqual(full, ['src/core/checks']);
  });

  it('leave at most 4 files loose', () => {
    const loose = counts.get('src') ?? [];
    assert.ok(loose.includes('src/main.ts') && loose.length <= 4, loose.join());
  });
});

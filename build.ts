/**
 * Builds `dist/`: the program bundled, so that it needs no node_modules, and what is rarely used in files of its own.
 */
import { execFileSync } from 'node:child_process';
import { chmod, readFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';

function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  define: {
    __VERSION__: JSON.stringify(version),
    __REVISION__: JSON.stringify(process.env['REVISION'] ?? revision()),
    'process.env.NODE_ENV': '"production"',
  },
  // Bundled CommonJS packages ask for built-in modules by require.
  banner: {
    js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);",
  },
});
await chmod('dist/main.js', 0o755);

/**
 * Bundles the page that draws a dashboard, with the fonts inside.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ENTRY = new URL('drawing/main.tsx', import.meta.url).pathname;

/** Writes the page to the folder, and returns its URL. */
export async function bundle(folder: string): Promise<string> {
  await build({
    entryPoints: [ENTRY],
    bundle: true,
    outfile: join(folder, 'main.js'),
    format: 'iife',
    jsx: 'automatic',
    conditions: ['import'],
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: { '.svg': 'dataurl', '.woff2': 'dataurl', '.woff': 'empty', '.ttf': 'dataurl' },
    external: ['module'],
    logLevel: 'warning',
  });
  const page = join(folder, 'index.html');
  writeFileSync(
    page,
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Dashboard</title><link rel="stylesheet" href="main.css"><body><div id="root"></div><script src="main.js"></script></body></html>\n',
  );
  return `file://${page}`;
}

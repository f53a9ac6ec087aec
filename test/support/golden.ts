/**
 * Compares text with a file of `test/golden`. `npm run generate` writes the file instead: read the diff before
 * committing it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { assertCurrent } from './generated.ts';

const GOLDEN = new URL('../golden/', import.meta.url);

export function assertGolden(name: string, text: string): void {
  const file = new URL(name, GOLDEN);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  assertCurrent(`test/golden/${name}`, readFileSync(file, 'utf8'), text);
}

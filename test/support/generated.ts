/**
 * Compares generated files, golden files among them, with what their generator writes now.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

const GOLDEN = new URL('../golden/', import.meta.url);

/** The lines of one text that the other lacks. */
function linesOnlyIn(text: string, other: string, mark: string): readonly string[] {
  const shared = new Set(other.split('\n'));
  return text
    .split('\n')
    .filter((line) => !shared.has(line))
    .map((line) => mark + line);
}

/** Fails with the lines that differ and the command that fixes them. */
export function assertCurrent(file: string, content: string, generated: string): void {
  const difference = [...linesOnlyIn(content, generated, '-'), ...linesOnlyIn(generated, content, '+')];
  assert.ok(content === generated, `${file} is stale: run npm run generate\n${difference.join('\n')}`);
}

/** Compares text with a file of `test/golden`. `npm run generate` writes the file instead: read the diff. */
export function assertGolden(name: string, text: string): void {
  const file = new URL(name, GOLDEN);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  assertCurrent(`test/golden/${name}`, readFileSync(file, 'utf8'), text);
}

/**
 * The Markdown files, for the suites that read them.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = new URL('../../', import.meta.url).pathname;

export interface Document {
  /** Relative to the project. */
  readonly name: string;
  readonly text: string;
}

export const DOCUMENTS: readonly Document[] = globSync(['*.md', 'docs/**/*.md', 'daemonset/chart/*.md'], {
  cwd: ROOT,
})
  .sort()
  .map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }));

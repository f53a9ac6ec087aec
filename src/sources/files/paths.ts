/**
 * File names and paths, which may hold any byte.
 *
 * A name has two forms: `raw`, to open it with (a Buffer unless it is plain ASCII), and `name`, to show: one
 * printable line, different for different names.
 */
import { isUtf8 } from 'node:buffer';
import { escapeBytes, isPrintable } from '../../util/sanitize.ts';

export type Path = string | Buffer;

export interface Name {
  readonly raw: Path;
  readonly name: string;
}

/** Starts every escape, so it is escaped itself. */
const ESCAPE = '\\';
const SLASH = Buffer.from('/');

function isShownAsIs(text: string): boolean {
  return isPrintable(text) && !text.includes(ESCAPE);
}

/** Takes a name as `readdir` returns it in latin1, one character per byte. */
export function nameOf(latin1: string): Name {
  const escaped = escapeBytes(latin1);
  if (escaped === latin1) return { raw: latin1, name: latin1 };
  const bytes = Buffer.from(latin1, 'latin1');
  const utf8 = isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  return { raw: bytes, name: utf8 !== undefined && isShownAsIs(utf8) ? utf8 : escaped };
}

/** Whether a name, or a path of names, was escaped to be shown, so that it cannot be opened by what is shown. */
export function isEscaped(name: string): boolean {
  return name.includes(ESCAPE);
}

export function join(directory: Path, name: Path): Path {
  if (typeof directory === 'string' && typeof name === 'string') return `${directory}/${name}`;
  return Buffer.concat([Buffer.from(directory), SLASH, Buffer.from(name)]);
}

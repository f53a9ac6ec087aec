/**
 * Names and paths that may hold any byte.
 *
 * A name has two forms: `raw`, to open it with (a Buffer where it is not plain ASCII), and `name`, to show: one
 * printable line, and never the same for two different names. Knows nothing of what the names are for.
 */
import { isUtf8 } from 'node:buffer';

export type Path = string | Buffer;

export interface Name {
  readonly raw: Path;
  readonly name: string;
}

const PLAIN = /^[\x20-\x5b\x5d-\x7e]+$/;
const UNPRINTABLE = /[\\\p{C}\p{Zl}\p{Zp}]/u;
const SLASH = Buffer.from('/');

function escapeBytes(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x20-\x5b\x5d-\x7e]/g, (byte) => {
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** From a name as `readdir` gives it in latin1, a character a byte. */
export function nameOf(latin1: string): Name {
  if (PLAIN.test(latin1)) return { raw: latin1, name: latin1 };
  const bytes = Buffer.from(latin1, 'latin1');
  const utf8 = isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  return { raw: bytes, name: utf8 === undefined || UNPRINTABLE.test(utf8) ? escapeBytes(bytes) : utf8 };
}

export function join(folder: Path, name: Path): Path {
  if (typeof folder === 'string' && typeof name === 'string') return `${folder}/${name}`;
  return Buffer.concat([Buffer.from(folder), SLASH, Buffer.from(name)]);
}

/**
 * The files that a configuration of the API server is made of: its own, and those that it refers to.
 *
 * Looks for the keys that name files, wherever they are. Knows nothing of what is in those, nor who reads them.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Told from the folder of the file; those of the client's own are told from where the program runs. */
const BESIDE = ['certificate-authority', 'client-certificate', 'client-key'];
const TOKENS = ['token-file', 'tokenFile'];

function pathOf(file: string, key: string, value: string): readonly string[] {
  if (BESIDE.includes(key)) return [resolve(dirname(file), value)];
  return TOKENS.includes(key) ? [resolve(value)] : [];
}

function pathsBelow(file: string, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) =>
    typeof below === 'string' ? pathOf(file, key, below) : pathsBelow(file, below),
  );
}

/** What cannot be read refers to nothing: whoever uses it will say so. A pipe can be read once, and not for this. */
async function referredBy(file: string): Promise<readonly string[]> {
  const { parse } = await import('yaml');
  try {
    if (!statSync(file).isFile()) return [];
    return pathsBelow(file, parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}

/** `kubeconfig`: files, separated by colons as in KUBECONFIG. Never rejects. */
export async function filesOf(kubeconfig: string): Promise<readonly string[]> {
  const named = kubeconfig.split(':').filter((file) => file !== '');
  const referred = await Promise.all(named.map(referredBy));
  return [...named, ...referred.flat()];
}

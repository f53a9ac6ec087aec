/**
 * The files that kubeconfig files refer to: certificates, keys and tokens.
 *
 * Does not load the Kubernetes client library.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export function splitPaths(kubeconfig: string): readonly string[] {
  return kubeconfig.split(':').filter((file) => file !== '');
}

/** Resolved against the folder of the kubeconfig. */
const PATH_KEYS = ['certificate-authority', 'client-certificate', 'client-key', 'user.tokenFile'];
/** Resolved against the working directory by the library, which defines them. */
const TOKEN_PATH_KEYS = ['token-file', 'config.tokenFile'];

function resolvePath(file: string, keys: readonly string[], value: string): readonly string[] {
  if (PATH_KEYS.some((key) => keys.includes(key))) return [resolve(dirname(file), value)];
  return TOKEN_PATH_KEYS.some((key) => keys.includes(key)) ? [resolve(value)] : [];
}

/** `parent`: the key of `value`. */
function findPaths(file: string, value: unknown, parent = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    typeof child === 'string'
      ? resolvePath(file, [key, `${parent}.${key}`], child)
      : findPaths(file, child, key),
  );
}

/** Returns nothing for an unreadable file, which fails when it is loaded. A pipe can be read only once, by the loader. */
async function referencedFiles(file: string): Promise<readonly string[]> {
  const { parse } = await import('yaml');
  try {
    if (!statSync(file).isFile()) return [];
    return findPaths(file, parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}

/**
 * The files named in `kubeconfig`, which is as in ClientConfigOptions, and the files that these refer to. Never rejects.
 */
export async function listKubeconfigFiles(kubeconfig: string): Promise<readonly string[]> {
  const files = splitPaths(kubeconfig);
  const referenced = await Promise.all(files.map(referencedFiles));
  return [...files, ...referenced.flat()];
}

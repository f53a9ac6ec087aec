/**
 * Loads a web configuration file with the certificates and keys that it names, and tells when one of them has changed.
 *
 * What cannot work is found out here, not by the first client. Knows nothing of when to look again.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { problemsOf, type Read, readConfigFile } from '../../config/yaml-file.ts';
import { parseWebConfig } from './document.ts';
import type { TlsContext, TlsSettings, WebSettings } from './settings.ts';
import type { Pem, TlsDocument } from './tls-section.ts';

export interface Load {
  readonly read: Read<WebSettings>;
  /** The file and those it names, as far as they were reached. */
  readonly files: readonly string[];
  /** Whether every file that was read still says the same, or still cannot be read. */
  readonly isCurrent: () => Promise<boolean>;
}

type ReadFile = (path: string) => Promise<Read<Buffer>>;

function refused(...problems: readonly string[]) {
  return { ok: false, problems } as const;
}

/** The code of what OpenSSL finds wrong: its messages are nobody's to read. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'not understood';
}

function problemWith(file: string, what: string, use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return `${file}: tls_server_config: ${what} (${codeOf(error)})`;
  }
}

/** OpenSSL passes over what is no certificate where it is told whom to trust. */
function contextProblem(file: string, context: TlsContext): string | undefined {
  const { ca } = context;
  return (
    problemWith(file, 'the certificate and the key cannot be used', () => createSecureContext(context)) ??
    problemWith(file, 'client_ca holds no certificate', () => ca && new X509Certificate(ca))
  );
}

function createReadPem(file: string, readFile: ReadFile) {
  return async (pem: Pem | undefined): Promise<Read<Buffer | undefined>> => {
    if (pem === undefined) return { ok: true, value: undefined };
    if ('text' in pem) return { ok: true, value: Buffer.from(pem.text) };
    return readFile(resolve(dirname(file), pem.file));
  };
}

async function loadTls(file: string, tls: TlsDocument, readFile: ReadFile): Promise<Read<TlsSettings>> {
  const readPem = createReadPem(file, readFile);
  const [cert, key, ca] = [await readPem(tls.cert), await readPem(tls.key), await readPem(tls.clientCa)];
  if (!(cert.ok && key.ok && ca.ok)) return refused(...[cert, key, ca].flatMap(problemsOf));
  const none = Buffer.alloc(0);
  const context = { cert: cert.value ?? none, key: key.value ?? none, ca: ca.value, ...tls.choice };
  const problem = contextProblem(file, context);
  if (problem !== undefined) return refused(problem);
  return { ok: true, value: { context, clientAuth: tls.clientAuth, allowedNames: tls.allowedNames } };
}

async function loadSettings(file: string, readFile: ReadFile): Promise<Read<WebSettings>> {
  const read = await readFile(file);
  if (!read.ok) return read;
  const parsed = await parseWebConfig(read.value.toString('utf8'), file);
  if (!parsed.ok) return parsed;
  const { tls, ...rest } = parsed.value;
  if (tls === undefined) return { ok: true, value: { ...rest, tls } };
  const loaded = await loadTls(file, tls, readFile);
  return loaded.ok ? { ok: true, value: { ...rest, tls: loaded.value } } : loaded;
}

/** What a file says, or why it does not, so short that it can be kept. */
function fingerprint(read: Read<Buffer>): string {
  return createHash('sha256')
    .update(read.ok ? read.value : read.problems.join())
    .digest('base64');
}

/** Never rejects but through a bug. */
export async function loadWebConfig(file: string): Promise<Load> {
  const seen = new Map<string, string>();
  const readFile: ReadFile = async (path) => {
    const read = await readConfigFile(path);
    seen.set(path, fingerprint(read));
    return read;
  };
  const read = await loadSettings(file, readFile);
  const isCurrent = async (): Promise<boolean> => {
    for (const [path, before] of seen) {
      if (fingerprint(await readConfigFile(path)) !== before) return false;
    }
    return true;
  };
  return { read, files: [...seen.keys()], isCurrent };
}

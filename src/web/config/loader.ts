/**
 * Loads a web configuration file with the certificates and keys that it names.
 *
 * Certificates and keys are checked here, so that a mistake shows at load time and not in the first handshake.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Problems, problemsOf, readConfigFile, withOption } from '../../config/yaml-file.ts';
import { errorCode } from '../../util/error-code.ts';
import { err, ok, type Result } from '../../util/result.ts';
import { type Pem, parseWebConfig, type TlsDocument } from './schema.ts';
import type { TlsConfig, TlsContext, WebConfig } from './web-config.ts';

export interface LoadedWebConfig {
  readonly result: Result<WebConfig, Problems>;
  /** The configuration file and the files it names, as far as they were read. */
  readonly files: readonly string[];
  /** Whether every file that was read still has the same content, or still cannot be read. */
  readonly isCurrent: () => Promise<boolean>;
}

type ReadFile = (path: string) => Promise<Result<Buffer, Problems>>;

/** Reports the code of what OpenSSL throws: its messages may quote what they are about. */
function problemWith(file: string, message: string, use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return `${file}: tls_server_config: ${message} (${errorCode(error) ?? 'unknown error'})`;
  }
}

/** OpenSSL ignores a CA that contains no certificate, so that is checked separately. */
function contextProblem(file: string, context: TlsContext): string | undefined {
  const { ca } = context;
  return (
    problemWith(file, 'invalid certificate or key', () => createSecureContext(context)) ??
    problemWith(file, 'client_ca contains no valid certificate', () => ca && new X509Certificate(ca))
  );
}

function createReadPem(file: string, readFile: ReadFile) {
  return async (pem: Pem | undefined): Promise<Result<Buffer | undefined, Problems>> => {
    if (pem === undefined) return ok(undefined);
    if ('text' in pem) return ok(Buffer.from(pem.text));
    return readFile(resolve(dirname(file), pem.file));
  };
}

async function loadTls(
  file: string,
  tls: TlsDocument,
  readFile: ReadFile,
): Promise<Result<TlsConfig, Problems>> {
  const readPem = createReadPem(file, readFile);
  const [cert, key, ca] = [await readPem(tls.cert), await readPem(tls.key), await readPem(tls.clientCa)];
  if (!(cert.ok && key.ok && ca.ok)) return err([cert, key, ca].flatMap(problemsOf));
  const empty = Buffer.alloc(0);
  const context = { cert: cert.value ?? empty, key: key.value ?? empty, ca: ca.value, ...tls.choices };
  const problem = contextProblem(file, context);
  if (problem !== undefined) return err([problem]);
  return ok({ context, clientAuth: tls.clientAuth, allowedNames: tls.allowedNames });
}

async function loadConfig(file: string, readFile: ReadFile): Promise<Result<WebConfig, Problems>> {
  const content = await readFile(file);
  if (!content.ok) return err(withOption(content.error, 'web.config.file'));
  const parsed = await parseWebConfig(content.value.toString('utf8'), file);
  if (!parsed.ok) return parsed;
  const { tls, ...rest } = parsed.value;
  if (tls === undefined) return ok({ ...rest, tls });
  const loaded = await loadTls(file, tls, readFile);
  return loaded.ok ? ok({ ...rest, tls: loaded.value }) : loaded;
}

/** A digest of a file's content, or of the reason why it cannot be read. */
function fingerprint(content: Result<Buffer, Problems>): string {
  return createHash('sha256')
    .update(content.ok ? content.value : content.error.join())
    .digest('base64');
}

export async function loadWebConfig(file: string): Promise<LoadedWebConfig> {
  const fingerprints = new Map<string, string>();
  const readFile: ReadFile = async (path) => {
    const content = await readConfigFile(path);
    fingerprints.set(path, fingerprint(content));
    return content;
  };
  const result = await loadConfig(file, readFile);
  const isCurrent = async (): Promise<boolean> => {
    for (const [path, before] of fingerprints) {
      if (fingerprint(await readConfigFile(path)) !== before) return false;
    }
    return true;
  };
  return { result, files: [...fingerprints.keys()], isCurrent };
}

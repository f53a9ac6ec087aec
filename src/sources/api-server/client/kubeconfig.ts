/**
 * Address, trust and credentials of the API server, from kubeconfig files or the in-cluster configuration.
 *
 * Parsed by the Kubernetes client library, of which nothing else is used (docs/decisions/0008-api-client.md).
 * The library takes much memory, so it is imported on first use; importing this file is cheap.
 */
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { urlToHttpOptions } from 'node:url';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { errorCode } from '../../../util/error-code.ts';
import { object } from '../../../util/json.ts';
import { err, ok, type Result } from '../../../util/result.ts';
import { splitPaths } from './kubeconfig-files.ts';
import { IN_CLUSTER_TOKENS, newestToken, type TokenFiles } from './token-file.ts';

type Headers = Readonly<Record<string, string>>;

export interface ClientConfig {
  readonly protocol: 'http:' | 'https:';
  /** Whether requests can reach no other server: TLS with verification, or a connection within this machine. */
  readonly isVerified: boolean;
  /**
   * Address, trust and credentials for a request to `path`. Token files are reread for each request. Rejects if the
   * credentials are unavailable.
   */
  readonly optionsFor: (path: string, headers: Headers) => Promise<RequestOptions>;
}

export interface ClientConfigOptions {
  /** File names separated by colons, as in KUBECONFIG; undefined for the in-cluster configuration. */
  readonly kubeconfig: string | undefined;
  /** Whether credential plugins may run. */
  readonly mayStartPrograms?: boolean | undefined;
  /** NODE_TLS_REJECT_UNAUTHORIZED: `0` turns verification off. */
  readonly rejectUnauthorized?: string | undefined;
}

type Cluster = NonNullable<ReturnType<KubeConfig['getCurrentCluster']>>;
type User = ReturnType<KubeConfig['getCurrentUser']>;

interface Loaded {
  readonly config: KubeConfig;
  /** By name of the user. */
  readonly tokenFiles: ReadonlyMap<string, TokenFiles>;
}

interface AuthProvider {
  readonly name?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Auth providers that start a program to get credentials. */
const PROGRAM_PROVIDERS = ['azure', 'exec', 'gcp'];
const NO_PROGRAMS =
  'credential plugins are not supported because the exporter starts no programs; see docs/security.md';

/**
 * The token files of the users in a kubeconfig, by name of the user.
 *
 * The library ignores the field `tokenFile` of a user and reads one of its own, `token-file`, only once. Kubernetes
 * defines `tokenFile` in client-go, tools/clientcmd/api/v1/types.go.
 */
function tokenFilesIn(file: string, kubeconfig: unknown): readonly (readonly [string, TokenFiles])[] {
  const users = object(kubeconfig)?.['users'];
  if (!Array.isArray(users)) return [];
  return users.flatMap((entry: unknown) => {
    const name = object(entry)?.['name'];
    const tokenFile = object(object(entry)?.['user'])?.['tokenFile'];
    if (typeof name !== 'string' || typeof tokenFile !== 'string' || tokenFile === '') return [];
    return [[name, [resolve(dirname(file), tokenFile)]] as const];
  });
}

async function readFiles(files: readonly string[]): Promise<Loaded> {
  const [{ KubeConfig }, { parse }] = await Promise.all([
    import('@kubernetes/client-node/dist/config.js'),
    import('yaml'),
  ]);
  const config = new KubeConfig();
  const tokenFiles = new Map<string, TokenFiles>();
  for (const [index, file] of files.entries()) {
    // Read once: it may be a pipe.
    const text = readFileSync(file, 'utf8');
    const loaded = index === 0 ? config : new KubeConfig();
    loaded.loadFromString(text);
    loaded.makePathsAbsolute(dirname(file));
    if (loaded !== config) config.mergeConfig(loaded, true);
    for (const [user, paths] of tokenFilesIn(file, parse(text))) tokenFiles.set(user, paths);
  }
  return { config, tokenFiles };
}

async function readInCluster(): Promise<Loaded> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  config.loadFromCluster();
  const [user] = config.users;
  return { config, tokenFiles: new Map(user === undefined ? [] : [[user.name, IN_CLUSTER_TOKENS]]) };
}

function read(kubeconfig = ''): Promise<Loaded> {
  const files = splitPaths(kubeconfig);
  return files.length === 0 ? readInCluster() : readFiles(files);
}

/** The user without the library's own reader of token files, which rereads a file only once a minute. */
function withoutTokenFile({ config, tokenFiles }: Loaded): void {
  config.users = config.users.map((user) => {
    if (!tokenFiles.has(user.name)) return user;
    const { authProvider: _, ...rest } = user;
    return rest;
  });
}

function addressProblem({ server, skipTLSVerify }: Cluster): string | undefined {
  if (!URL.canParse(server)) return 'the server address is not a URL';
  const { protocol } = new URL(server);
  // The library rejects plain HTTP unless verification is off, which only the demo and tests set.
  if (protocol === 'https:' || (protocol === 'http:' && skipTLSVerify)) return undefined;
  return 'the server address does not start with https://';
}

/** As URL writes them. `kubectl proxy` listens there. */
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

function isVerified({ server, skipTLSVerify }: Cluster, rejectUnauthorized: string | undefined): boolean {
  const { protocol, hostname } = new URL(server);
  if (protocol === 'http:') return LOOPBACK.test(hostname);
  return !skipTLSVerify && rejectUnauthorized !== '0';
}

/** Follows the library, which decides the same way. */
function startsProgram(user: User): boolean {
  const { exec, authProvider } = (user ?? {}) as {
    readonly exec?: unknown;
    readonly authProvider?: AuthProvider;
  };
  const isPlugin = Boolean(exec) || Boolean(authProvider?.config?.['exec']);
  return isPlugin || PROGRAM_PROVIDERS.includes(authProvider?.name ?? '');
}

function createClientConfig(
  loaded: Loaded,
  cluster: Cluster,
  { rejectUnauthorized }: ClientConfigOptions,
): ClientConfig {
  const { config } = loaded;
  const tokenFiles = loaded.tokenFiles.get(config.getCurrentUser()?.name ?? '');
  withoutTokenFile(loaded);
  const url = new URL(cluster.server);
  const prefix = url.pathname.replace(/\/$/, '');
  let pending: Promise<RequestOptions> | undefined;

  const apply = async (): Promise<RequestOptions> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    // The library's agent is needed only for a proxy. It keeps certificates that have been replaced on disk.
    if (cluster.proxyUrl === undefined) delete options.agent;
    if (tokenFiles === undefined) return options;
    const token = newestToken(tokenFiles) ?? config.getCurrentUser()?.token;
    if (token === undefined) throw new Error('no token');
    const headers = options.headers as Headers | undefined;
    return { ...options, headers: { ...headers, Authorization: `Bearer ${token}` } };
  };
  /** Shared by concurrent requests, so that a plugin that hangs runs once. */
  const credentials = async (): Promise<RequestOptions> => {
    pending ??= apply().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const optionsFor = async (path: string, headers: Headers): Promise<RequestOptions> => {
    const options = await credentials();
    const all = { ...headers, ...(options.headers as Headers | undefined) };
    return { ...urlToHttpOptions(url), ...options, headers: all, path: prefix + path };
  };
  return {
    protocol: url.protocol === 'http:' ? 'http:' : 'https:',
    isVerified: isVerified(cluster, rejectUnauthorized),
    optionsFor,
  };
}

const LOAD_PROBLEMS = new Map([
  ['ENOENT', 'no such file or directory'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'not a regular file'],
]);

/** Without the message of the error: a parser quotes the file, which may hold credentials. */
function loadProblem(code: string | undefined): string {
  return code === undefined ? 'not a valid kubeconfig' : (LOAD_PROBLEMS.get(code) ?? code);
}

async function tryLoad(options: ClientConfigOptions): Promise<Result<ClientConfig, string>> {
  const { kubeconfig, mayStartPrograms = true } = options;
  try {
    const loaded = await read(kubeconfig);
    const { config } = loaded;
    const cluster = config.getCurrentCluster();
    if (!mayStartPrograms && startsProgram(config.getCurrentUser())) return err(NO_PROGRAMS);
    if (cluster === null) return err('the current context has no cluster');
    const problem = addressProblem(cluster);
    return problem === undefined ? ok(createClientConfig(loaded, cluster, options)) : err(problem);
  } catch (error) {
    const problem = loadProblem(errorCode(error));
    return err(kubeconfig === undefined ? problem : `${problem}; check --cluster.kubeconfig or KUBECONFIG`);
  }
}

/** Loads the configuration. The error is safe to show. Never rejects. */
export async function loadClientConfig(options: ClientConfigOptions): Promise<Result<ClientConfig, string>> {
  const loaded = await tryLoad(options);
  if (loaded.ok) return loaded;
  const what =
    options.kubeconfig === undefined ? 'the in-cluster configuration' : `kubeconfig ${options.kubeconfig}`;
  return err(`cannot load ${what}: ${loaded.error}`);
}

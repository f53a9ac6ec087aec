/**
 * Where the API server is, whom to trust, and who we are, as the Kubernetes client reads it.
 *
 * The one importer of that client, and of its configuration alone, loaded when first asked for: its requests and its
 * watches are not used (docs/decisions/0008-api-client.md). Knows nothing of what is asked.
 */

import { readFileSync, statSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { urlToHttpOptions } from 'node:url';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';

type Headers = Readonly<Record<string, string>>;

export interface Access {
  readonly protocol: 'http:' | 'https:';
  /**
   * Address, trust and credentials for a request to `path`, with the token as the file holds it, at most a minute
   * old. Rejects where they cannot be had.
   */
  readonly optionsFor: (path: string, headers: Headers) => Promise<RequestOptions>;
}

export type Loaded =
  | { readonly ok: true; readonly access: Access }
  /** In words that are safe to show. */
  | { readonly ok: false; readonly problem: string };

type Cluster = NonNullable<ReturnType<KubeConfig['getCurrentCluster']>>;
type User = ReturnType<KubeConfig['getCurrentUser']>;

/** Providers of credentials that start a program for them. */
const PROGRAM_PROVIDERS = ['azure', 'exec', 'gcp'];

export interface AccessOptions {
  /** Files, separated by colons as in KUBECONFIG; empty for the configuration of a pod. */
  readonly kubeconfig: string;
  /** Whether credentials may come from a program that is started for them. */
  readonly mayStartPrograms?: boolean | undefined;
}

interface Provider {
  readonly name?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

const NO_PROGRAMS = 'its credentials come from a program, and none may be started (docs/security.md)';

async function read(kubeconfig: string): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  const [first, ...others] = kubeconfig.split(':').filter((file) => file !== '');
  if (first === undefined) config.loadFromCluster();
  else config.loadFromFile(first);
  for (const file of others) {
    const other = new KubeConfig();
    other.loadFromFile(file);
    config.mergeConfig(other, true);
  }
  return config;
}

function problemOf(cluster: Cluster | null): string | undefined {
  if (cluster === null) return 'it names no cluster';
  if (!URL.canParse(cluster.server)) return 'the address is no URL';
  const { protocol } = new URL(cluster.server);
  // The client refuses it at every request. Without TLS go only a demo and tests, which say so.
  if (protocol === 'https:' || (protocol === 'http:' && cluster.skipTLSVerify)) return undefined;
  return 'the address is not https';
}

/** As the client decides it. */
function takesProgram(user: User): boolean {
  const { exec, authProvider } = (user ?? {}) as {
    readonly exec?: unknown;
    readonly authProvider?: Provider;
  };
  const isPlugin = Boolean(exec) || Boolean(authProvider?.config?.['exec']);
  return isPlugin || PROGRAM_PROVIDERS.includes(authProvider?.name ?? '');
}

function accessBy(config: KubeConfig, cluster: Cluster): Access {
  const url = new URL(cluster.server);
  const prefix = url.pathname.replace(/\/$/, '');
  let pending: Promise<RequestOptions> | undefined;

  const apply = async (): Promise<RequestOptions> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    // An agent of the client is needed for its proxies alone; it would hold on to certificates that were replaced.
    if (cluster.proxyUrl === undefined) delete options.agent;
    return options;
  };
  /** For all who ask meanwhile: a plugin that hangs hangs once, not once a question. */
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
  return { protocol: url.protocol === 'http:' ? 'http:' : 'https:', optionsFor };
}

function refused(problem: string): Loaded {
  return { ok: false, problem: `the configuration of the API server cannot be used: ${problem}` };
}

/** Loads the configuration. Never rejects. */
export async function loadAccess({ kubeconfig, mayStartPrograms = true }: AccessOptions): Promise<Loaded> {
  try {
    const config = await read(kubeconfig);
    const cluster = config.getCurrentCluster();
    const isStopped = !mayStartPrograms && takesProgram(config.getCurrentUser());
    const problem = isStopped ? NO_PROGRAMS : problemOf(cluster);
    return problem === undefined && cluster !== null
      ? { ok: true, access: accessBy(config, cluster) }
      : refused(problem ?? '');
  } catch (error) {
    // The message of a parser quotes the file, with what is secret in it.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not in the form of one';
    return refused(code);
  }
}

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

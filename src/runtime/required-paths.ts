/**
 * The files and folders that `serve` reads, each with the option that requires it.
 *
 * Node's permission model compares paths as they are written and does not resolve links.
 */
import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { findKubeconfig } from '../config/kubeconfig-path.ts';
import type { Config } from '../config/options.ts';

export interface RequiredPath {
  /** The option that requires it, or what else does. */
  readonly requiredBy: string;
  readonly path: string;
  /** A folder includes everything below it, also what does not exist yet. */
  readonly isFolder: boolean;
}

export interface PathInputs {
  /** The folder of the program's own files. */
  readonly program: string;
  readonly config: Pick<Config, 'rootDir' | 'selfTokenFile' | 'audienceRules' | 'webConfig'>;
  /** The kubeconfig files and the files that they refer to. */
  readonly kubeconfig: readonly string[];
  /** The files that the web configuration refers to. */
  readonly webFiles: readonly string[];
  /** Resolves links; returns the same path if that fails. */
  readonly realPath: (path: string) => string;
}

/** Where the kubelet mounts the exporter's own tokens, and where the Kubernetes client expects its credentials. */
const OWN_MOUNTS = '/var/run/secrets';
/** What the exporter reads about itself, and what for. Not the whole folder: `/proc/self/root` leads to every file. */
const OWN_PROCESS: Readonly<Record<string, string>> = {
  fd: 'finding where an open file lies, without which none is read',
  limits: 'metrics of the process',
  mountinfo: 'the mounts of volumes',
  'net/tcp': 'the limit on responses that clients do not take',
  'net/tcp6': 'the limit on responses that clients do not take',
  status: 'metrics of the process and the warning about capabilities',
};

/** Never the root folder: files in it are required by name. */
function folder(requiredBy: string, path: string): readonly RequiredPath[] {
  const absolute = resolve(path);
  return absolute === '/' ? [] : [{ requiredBy, path: absolute, isFolder: true }];
}

function file(requiredBy: string, path: string): RequiredPath {
  return { requiredBy, path: resolve(path), isFolder: false };
}

export function requiredPathsOf({
  program,
  config,
  kubeconfig,
  webFiles,
  realPath,
}: PathInputs): readonly RequiredPath[] {
  const { rootDir, selfTokenFile, audienceRules, webConfig } = config;
  // The folder, because the token is a link to a folder that changes at each rotation.
  const mounts = selfTokenFile.startsWith(`${OWN_MOUNTS}/`)
    ? [OWN_MOUNTS]
    : [OWN_MOUNTS, dirname(selfTokenFile)];
  const paths = [
    ...folder('the program', program),
    ...folder('--kubelet.root-dir', `${rootDir}/pods`),
    // Most images have `/var/run` as a link to `/run`, and the exporter's token is opened by its real path.
    ...mounts.flatMap((path) => [path, realPath(path)]).flatMap((path) => folder('--self.token-file', path)),
    ...(dirname(selfTokenFile) === '/' ? [file('--self.token-file', selfTokenFile)] : []),
    ...Object.entries(OWN_PROCESS).map(([name, use]) => file(use, `/proc/self/${name}`)),
    ...(audienceRules === undefined ? [] : [file('--audience.expect', audienceRules)]),
    // The folder, because a later version of the file may refer to other files next to it.
    ...(webConfig === undefined ? [] : folder('--web.config.file', dirname(webConfig))),
    ...webFiles.map((path) => file('--web.config.file', path)),
    ...kubeconfig.map((path) => file('--cluster.kubeconfig', path)),
  ];
  return paths.filter(({ path }, index) => paths.findIndex((other) => other.path === path) === index);
}

export interface FindOptions extends Pick<PathInputs, 'program'> {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

async function kubeconfigFiles({ config, environment }: FindOptions): Promise<readonly string[]> {
  const used = config.isKubernetesAuth ? { ...config, clusterMode: 'on' as const } : config;
  const files = findKubeconfig(used, environment)?.files;
  if (files === undefined) return [];
  const { listKubeconfigFiles } = await import('../sources/api-server/client/kubeconfig-files.ts');
  return listKubeconfigFiles(files);
}

async function webFiles({ config }: FindOptions): Promise<readonly string[]> {
  if (config.webConfig === undefined) return [];
  const { loadWebConfig } = await import('../web/config/loader.ts');
  return (await loadWebConfig(config.webConfig)).files;
}

export function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** Never rejects: a file that cannot be read refers to no other, and the part that uses it reports the error. */
export async function findRequiredPaths(options: FindOptions): Promise<readonly RequiredPath[]> {
  const [kubeconfig, web] = await Promise.all([kubeconfigFiles(options), webFiles(options)]);
  return requiredPathsOf({ ...options, kubeconfig, webFiles: web, realPath });
}

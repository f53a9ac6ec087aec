/**
 * What `serve` has to read, and which option asks for it.
 *
 * Node allows paths as they are written, not as links resolve. Knows nothing of how Node is told so.
 */
import { dirname, resolve } from 'node:path';
import type { Config } from '../config/options.ts';

export interface Need {
  /** The option that asks for it, or what else does. */
  readonly by: string;
  readonly path: string;
  /** Of a folder everything below it, also what is not there yet. */
  readonly isFolder: boolean;
}

export interface Readers {
  /** Where the program's own files are. */
  readonly program: string;
  readonly config: Pick<Config, 'rootDir' | 'ownToken' | 'audienceRules' | 'webConfig'>;
  /** Files of the API server's configuration, and those it refers to. */
  readonly kubeconfig: readonly string[];
  /** Those that the web configuration names; itself it is an option. */
  readonly webFiles: readonly string[];
  /** A path without links; the same where it cannot be had. */
  readonly realPath: (path: string) => string;
}

/** Where a pod has its own account and canary. The Kubernetes client looks nowhere else for an account. */
const OWN_MOUNTS = '/var/run/secrets';
/** Its own metrics and privileges. Not the folder: `/proc/self/root` is a way to everything. */
const OWN_PROCESS = ['fd', 'limits', 'mountinfo', 'status'];

/** The root is none: what lies in it is allowed by its name. */
function folder(by: string, path: string): readonly Need[] {
  const found = resolve(path);
  return found === '/' ? [] : [{ by, path: found, isFolder: true }];
}

function file(by: string, path: string): Need {
  return { by, path: resolve(path), isFolder: false };
}

export function needsOf({ program, config, kubeconfig, webFiles, realPath }: Readers): readonly Need[] {
  const { rootDir, ownToken, audienceRules, webConfig } = config;
  // Not the file: in a mount it is a link, to another folder after each refresh.
  const mounts = ownToken.startsWith(`${OWN_MOUNTS}/`) ? [OWN_MOUNTS] : [OWN_MOUNTS, dirname(ownToken)];
  const needs = [
    ...folder('the program', program),
    ...folder('--kubelet.root-dir', `${rootDir}/pods`),
    // `/var/run` is a link in most images, and the own token is opened where it really is.
    ...mounts.flatMap((path) => [path, realPath(path)]).flatMap((path) => folder('--own-token', path)),
    ...(dirname(ownToken) === '/' ? [file('--own-token', ownToken)] : []),
    ...OWN_PROCESS.map((name) => file('the metrics of the process', `/proc/self/${name}`)),
    ...(audienceRules === '' ? [] : [file('--audience.expect', audienceRules)]),
    // What it names when it has changed lies beside it, if it is to be taken.
    ...(webConfig === '' ? [] : folder('--web.config.file', dirname(webConfig))),
    ...webFiles.map((path) => file('--web.config.file', path)),
    ...kubeconfig.map((path) => file('--cluster.kubeconfig', path)),
  ];
  return needs.filter(({ path }, index) => needs.findIndex((other) => other.path === path) === index);
}

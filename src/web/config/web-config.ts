/**
 * The web configuration as it is now: read at the start, and again whenever a file of it has changed.
 *
 * What is broken when it is read again changes nothing: the last good one goes on. Knows nothing of what it guards.
 */

import type { Read } from '../../config/yaml-file.ts';
import { type Load, loadWebConfig } from './loader.ts';
import type { WebSettings } from './settings.ts';

export interface WebConfigOptions {
  readonly file: string;
  /** Whether requests are guarded by something else that reads the same header. */
  readonly isAuthorizationTaken: boolean;
  /** Resolves after `ms`, or as soon as the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The files changed, and this is what they say now, or why it is not taken. */
  readonly onReload: (read: Read<WebSettings>) => void;
  /** Something threw: a bug, and no reason to stop. */
  readonly onError: (error: unknown) => void;
}

export interface WebConfig {
  readonly settings: () => WebSettings;
  /** Looks for changes until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

const CHECK_MS = 5_000;
/** A Secret that is updated may be read half before and half after. */
const ATTEMPTS = 3;

/** What cannot be done, however well it is said. A listening server can be given other certificates, not another protocol. */
function conflict(
  { isAuthorizationTaken }: WebConfigOptions,
  after: WebSettings,
  before: WebSettings,
): string | undefined {
  if (isAuthorizationTaken && after.users.size > 0)
    return 'basic_auth_users and --web.kubernetes-auth exclude each other';
  // An empty file is a configuration too, and may be one that is being written.
  if (before.users.size > 0 && after.users.size === 0)
    return 'basic_auth_users cannot be taken away without a restart';
  if ((before.tls === undefined) !== (after.tls === undefined))
    return 'tls_server_config cannot be added or taken away without a restart';
  const isAsked = ({ tls }: WebSettings): boolean => (tls?.clientAuth ?? 'none') !== 'none';
  if (isAsked(before) !== isAsked(after))
    return 'client_auth_type cannot change from or to NoClientCert without a restart';
  return undefined;
}

async function load(file: string): Promise<Load> {
  let loaded = await loadWebConfig(file);
  for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
    if (loaded.read.ok || (await loaded.isCurrent())) return loaded;
    loaded = await loadWebConfig(file);
  }
  return loaded;
}

/** Reads the configuration for the first time: every problem of it where it is wrong. */
export async function openWebConfig(options: WebConfigOptions): Promise<Read<WebConfig>> {
  const { file, sleep, onReload, onError } = options;
  const judge = ({ read }: Load, before?: WebSettings): Read<WebSettings> => {
    const problem = read.ok ? conflict(options, read.value, before ?? read.value) : undefined;
    return problem === undefined ? read : { ok: false, problems: [`${file}: ${problem}`] };
  };
  let latest = await load(file);
  const first = judge(latest);
  if (!first.ok) return first;
  let settings = first.value;

  const check = async (): Promise<void> => {
    if (await latest.isCurrent()) return;
    latest = await load(file);
    const read = judge(latest, settings);
    if (read.ok) settings = read.value;
    onReload(read);
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await sleep(CHECK_MS, signal);
      if (!signal.aborted) await check().catch(onError);
    }
  };
  return { ok: true, value: { settings: () => settings, run } };
}

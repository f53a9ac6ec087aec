/**
 * The current web configuration. Its files are checked for changes; an invalid change keeps the previous configuration.
 */
import type { Config } from '../../config/options.ts';
import { type Problems, problemsOf } from '../../config/yaml-file.ts';
import type { MonotonicClock } from '../../util/clock.ts';
import type { Log } from '../../util/log.ts';
import { err, ok, type Result } from '../../util/result.ts';
import type { LoadedWebConfig } from './loader.ts';
import { NO_WEB_CONFIG, type WebConfig } from './web-config.ts';

export interface WebConfigReloaderOptions {
  readonly config: Pick<Config, 'webConfig' | 'isKubernetesAuth'>;
  readonly clock: Pick<MonotonicClock, 'sleep'>;
  readonly log: Log;
  /** Called after each load of a file. */
  readonly onLoad: (isSuccessful: boolean) => void;
  /** A reload threw: a bug. The reloader continues. */
  readonly onError: (error: unknown) => void;
}

export interface WebConfigReloader {
  readonly current: () => WebConfig;
  /** Checks for changes until the signal aborts; calls `onReload` after each that is valid. Never rejects. */
  readonly run: (signal: AbortSignal, onReload: () => void) => Promise<void>;
}

const CHECK_INTERVAL_MS = 5_000;
/** A Secret that is being updated may be read half before and half after the update. */
const MAX_ATTEMPTS = 3;

type Load = (file: string) => Promise<LoadedWebConfig>;

async function loadSettled(load: Load, file: string): Promise<LoadedWebConfig> {
  let loaded = await load(file);
  for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (loaded.result.ok || (await loaded.isCurrent())) return loaded;
    loaded = await load(file);
  }
  return loaded;
}

/**
 * Returns why a valid configuration cannot be applied. A listening server can change its certificates, but neither its
 * protocol nor whether it requests client certificates.
 */
function conflict(isKubernetesAuth: boolean, after: WebConfig, before: WebConfig): string | undefined {
  if (isKubernetesAuth && after.users.size > 0)
    return 'basic_auth_users cannot be combined with --web.kubernetes-auth';
  // An empty file is valid, and may be one that is being written.
  if (before.users.size > 0 && after.users.size === 0)
    return 'basic_auth_users cannot be removed without a restart';
  if ((before.tls === undefined) !== (after.tls === undefined))
    return 'tls_server_config cannot be added or removed without a restart';
  const requestsCertificate = ({ tls }: WebConfig): boolean => (tls?.clientAuth ?? 'none') !== 'none';
  if (requestsCertificate(before) !== requestsCertificate(after))
    return 'client_auth_type cannot change from or to NoClientCert without a restart';
  return undefined;
}

async function openFile(
  file: string,
  load: Load,
  { config, clock, log, onLoad, onError }: WebConfigReloaderOptions,
): Promise<Result<WebConfigReloader, Problems>> {
  const validate = ({ result }: LoadedWebConfig, before?: WebConfig): Result<WebConfig, Problems> => {
    if (!result.ok) return result;
    const problem = conflict(config.isKubernetesAuth, result.value, before ?? result.value);
    return problem === undefined ? result : err([`${file}: ${problem}`]);
  };
  let loaded = await loadSettled(load, file);
  const first = validate(loaded);
  if (!first.ok) return first;
  let current = first.value;
  onLoad(true);

  const reload = async (onReload: () => void): Promise<void> => {
    if (await loaded.isCurrent()) return;
    loaded = await loadSettled(load, file);
    const result = validate(loaded, current);
    if (result.ok) current = result.value;
    onLoad(result.ok);
    for (const problem of problemsOf(result))
      log.warn('invalid web configuration, keeping the previous one', { problem });
    if (!result.ok) return;
    log.info('web configuration reloaded');
    onReload();
  };
  const run: WebConfigReloader['run'] = async (signal, onReload) => {
    while (!signal.aborted) {
      await clock.sleep(CHECK_INTERVAL_MS, signal);
      if (!signal.aborted) await reload(onReload).catch(onError);
    }
  };
  return ok({ current: () => current, run });
}

/** Loads the file of `--web.config.file`. Its parser is loaded only if there is one. */
export async function openWebConfig(
  options: WebConfigReloaderOptions,
): Promise<Result<WebConfigReloader, Problems>> {
  const file = options.config.webConfig;
  if (file === undefined) return ok({ current: () => NO_WEB_CONFIG, run: async () => undefined });
  const { loadWebConfig } = await import('./loader.ts');
  return openFile(file, loadWebConfig, options);
}

/**
 * The web configuration as it is now, told of in the log.
 *
 * Knows when it is loaded, nothing of what is in it.
 */
import type { Config } from '../../config/options.ts';
import { problemsOf, type Read } from '../../config/yaml-file.ts';
import type { MonotonicClock } from '../../util/clock.ts';
import type { Log } from '../../util/log.ts';
import { OPEN, type WebSettings } from './settings.ts';

export interface SettingsOptions {
  readonly config: Pick<Config, 'webConfig' | 'isKubernetesAuth'>;
  readonly clock: MonotonicClock;
  readonly log: Log;
  /** The configuration was read: taken over, or not. */
  readonly onRead: (isTaken: boolean) => void;
  /** Something threw while it was read: a bug. */
  readonly onError: (error: unknown) => void;
}

/** The configuration as it is now. */
export interface Settings {
  readonly current: () => WebSettings;
  /** Looks for changes until the signal aborts, and calls back after each that is taken. Never rejects. */
  readonly follow: (signal: AbortSignal, onTaken: () => void) => Promise<void>;
}

/** Loaded only where there is a file of it; every problem where it is wrong. */
export async function openSettings(options: SettingsOptions): Promise<Read<Settings>> {
  const { config, clock, log, onRead, onError } = options;
  if (config.webConfig === '')
    return { ok: true, value: { current: () => OPEN, follow: async () => undefined } };
  const { openWebConfig } = await import('./web-config.ts');
  let tell = (): void => undefined;
  const opened = await openWebConfig({
    file: config.webConfig,
    isAuthorizationTaken: config.isKubernetesAuth,
    sleep: clock.sleep,
    onError,
    onReload: (read) => {
      onRead(read.ok);
      for (const problem of problemsOf(read)) log.warn('web configuration is not taken', { problem });
      if (!read.ok) return;
      log.info('web configuration read again');
      tell();
    },
  });
  if (!opened.ok) return opened;
  onRead(true);
  const { settings, run } = opened.value;
  const follow: Settings['follow'] = (signal, onTaken) => {
    tell = onTaken;
    return run(signal);
  };
  return { ok: true, value: { current: settings, follow } };
}

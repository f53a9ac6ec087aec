/**
 * The way in: the configuration that guards it, the guard, the server of answers and that of the probes.
 *
 * Knows how these fit, nothing of what is answered.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from './config/option.ts';
import type { Config } from './config/options.ts';
import { createBasicAuth } from './exposition/guard/basic-auth.ts';
import { createBudget } from './exposition/guard/budget.ts';
import { createGuard } from './exposition/guard/configured.ts';
import type { Guard } from './exposition/guard/guard.ts';
import { verifyPassword } from './exposition/guard/password.ts';
import {
  createProbeServer,
  createSecureServer,
  createServer,
  type ServerOptions,
} from './exposition/server.ts';
import type { Log } from './log.ts';
import type { Clock } from './reconcile.ts';
import type { Read } from './sources/yaml-file.ts';
import { OPEN, type WebSettings } from './web-settings.ts';

export interface WebOptions {
  readonly config: Pick<Config, 'listenAddress' | 'probeAddress' | 'webConfig' | 'isKubernetesAuth'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly answers: Omit<ServerOptions, 'guard' | 'headers'>;
  /** Undefined where the API server is not asked who may ask. */
  readonly kubernetes: Guard | undefined;
  readonly onRefusal: (status: number) => void;
  /** The configuration was read: taken over, or not. */
  readonly onRead: (isTaken: boolean) => void;
  /** Something threw while it was read: a bug. */
  readonly onError: (error: unknown) => void;
  /** Called once everything is listened on, with the address as seen from this machine. */
  readonly onListening?: ((at: { readonly port: number; readonly url: string }) => void) | undefined;
}

export interface Web {
  /** Rejects where an address cannot be listened on. */
  readonly listen: () => Promise<void>;
  /** Looks for changes of the configuration until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Ends without cutting off an answer under way, unless it takes too long. */
  readonly drain: () => Promise<void>;
}

/** How long answers under way may take once the process is asked to end. */
const DRAIN_MS = 700;
/** Guesses of passwords: of an address, and of all together. Each takes 50 to 200 ms of the processor. */
const GUESSES = {
  perPeer: { burst: 5, intervalMs: 5_000 },
  overall: { burst: 10, intervalMs: 1_000 },
  maxPeers: 1_000,
};

interface Guarded {
  readonly settings: () => WebSettings;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Loaded only where there is a file of it. `onTaken` hears of other settings than before. */
async function openSettings(options: WebOptions, onTaken: () => void): Promise<Read<Guarded>> {
  const { config, clock, log, onRead, onError } = options;
  if (config.webConfig === '')
    return { ok: true, value: { settings: () => OPEN, run: async () => undefined } };
  const { openWebConfig } = await import('./sources/web-config/web-config.ts');
  const opened = await openWebConfig({
    file: config.webConfig,
    isAuthorizationTaken: config.isKubernetesAuth,
    sleep: clock.sleep,
    onError,
    onReload: (read) => {
      onRead(read.ok);
      if (read.ok) log.info('web configuration read again');
      else for (const problem of read.problems) log.warn('web configuration is not taken', { problem });
      if (read.ok) onTaken();
    },
  });
  if (opened.ok) onRead(true);
  return opened;
}

function createGuards({ clock, kubernetes, onRefusal, onError }: WebOptions, settings: Guarded['settings']) {
  const { monotonicMs } = clock;
  const { take } = createBudget({ ...GUESSES, monotonicMs });
  const users = () => settings().users;
  const basicAuth = createBasicAuth({ users, verify: verifyPassword, take, onError });
  return createGuard({ settings, basicAuth, kubernetes, monotonicMs, onRefusal });
}

/** Says it where secrets go over the wire for all to read. */
function warn({ log, kubernetes }: WebOptions, { tls, users }: WebSettings): void {
  if (tls === undefined && (users.size > 0 || kubernetes !== undefined))
    log.warn('credentials are sent without TLS');
}

async function listenOn(server: Server, { host, port }: ListenAddress): Promise<AddressInfo> {
  server.listen(port, host);
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

async function drainOne(server: Server, clock: Clock): Promise<void> {
  const drained = new AbortController();
  server.close(() => drained.abort());
  server.closeIdleConnections();
  await clock.sleep(DRAIN_MS, drained.signal);
  server.closeAllConnections();
}

/** Makes everything, not yet listening; every problem of the configuration where it is wrong. */
export async function openWeb(options: WebOptions): Promise<Read<Web>> {
  const { config, clock, log, answers, onListening } = options;
  let renew = (): void => undefined;
  const opened = await openSettings(options, () => renew());
  if (!opened.ok) return opened;
  const { settings, run } = opened.value;
  const served = { ...answers, guard: createGuards(options, settings), headers: () => settings().headers };
  warn(options, settings());

  const createMain = async (): Promise<Server> => {
    const { tls } = settings();
    if (tls === undefined) return createServer(served);
    const secure = await createSecureServer(served, tls);
    renew = () => secure.renew(settings().tls ?? tls);
    return secure.server;
  };
  const main = await createMain();
  const probes = config.probeAddress === undefined ? undefined : createProbeServer(answers);

  const listen = async (): Promise<void> => {
    const { address, port } = await listenOn(main, config.listenAddress);
    const isSecure = settings().tls !== undefined;
    log.info('listening', { address, port, tls: isSecure });
    if (probes !== undefined && config.probeAddress !== undefined) {
      const at = await listenOn(probes, config.probeAddress);
      log.info('listening for probes', { address: at.address, port: at.port });
    }
    onListening?.({ port, url: `${isSecure ? 'https' : 'http'}://localhost:${port}` });
  };
  const drain = async (): Promise<void> => {
    await Promise.all([main, probes].filter((one) => one !== undefined).map((one) => drainOne(one, clock)));
  };
  return { ok: true, value: { listen, run, drain } };
}

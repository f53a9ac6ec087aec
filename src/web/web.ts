/**
 * The way in: the guard, the server of answers and that of the probes.
 *
 * Knows how these fit, nothing of what is answered.
 */
import type { Config } from '../config/options.ts';
import type { MonotonicClock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import { createAuth } from './auth/auth.ts';
import { createBasicAuth } from './auth/basic-auth.ts';
import { createConcurrencyLimiter } from './auth/concurrency-limiter.ts';
import type { Guard, Rejection } from './auth/guard.ts';
import { verifyPassword } from './auth/password.ts';
import type { WebConfigReloader } from './config/reloader.ts';
import type { WebConfig } from './config/web-config.ts';
import { createDoor } from './http-listener.ts';
import { createProbeServer, createSecureServer, createServer, type ServerOptions } from './server.ts';

export interface WebOptions {
  readonly config: Pick<Config, 'listenAddress' | 'probeAddress'>;
  readonly clock: MonotonicClock;
  readonly log: Log;
  readonly webConfig: WebConfigReloader;
  readonly answers: Omit<ServerOptions, 'guard' | 'headers'>;
  /** Undefined where the API server is not asked who may ask. */
  readonly kubernetesAuth: Guard | undefined;
  readonly onRejection: (status: Rejection['status']) => void;
  /** Something threw while a password was checked: a bug. */
  readonly onError: (error: unknown) => void;
  /** Called once everything is listened on, with the address as seen from this machine. */
  readonly onListening?: ((at: { readonly port: number; readonly url: string }) => void) | undefined;
}

export interface Web {
  /** Rejects where an address cannot be listened on; none is, then. */
  readonly listen: () => Promise<void>;
  /** Takes over changes of the configuration until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Ends without cutting off an answer under way, unless it takes too long. */
  readonly drain: () => Promise<void>;
}

function createGuard({ clock, webConfig, kubernetesAuth, onRejection, onError }: WebOptions): Guard {
  const { monotonicMs } = clock;
  const { current } = webConfig;
  const users = () => current().users;
  const limiter = createConcurrencyLimiter(monotonicMs);
  const basicAuth = createBasicAuth({ users, verify: verifyPassword, limiter, onError });
  return createAuth({ webConfig: current, basicAuth, kubernetesAuth, monotonicMs, onRejection });
}

/** Says it where secrets go over the wire for all to read. */
function warn({ log, kubernetesAuth }: WebOptions, { tls, users }: WebConfig): void {
  if (tls === undefined && (users.size > 0 || kubernetesAuth !== undefined))
    log.warn('credentials are sent without TLS');
}

/** Makes the servers, not yet listening. */
export async function createWeb(options: WebOptions): Promise<Web> {
  const { config, clock, log, webConfig, answers, onListening } = options;
  const { current } = webConfig;
  const served = { ...answers, guard: createGuard(options), headers: () => current().headers };
  const { tls } = current();
  const secure = tls && (await createSecureServer(served, tls));
  const main = createDoor(secure?.server ?? createServer(served), config.listenAddress, clock);
  const probes = config.probeAddress && createDoor(createProbeServer(answers), config.probeAddress, clock);
  warn(options, current());

  const drain = async (): Promise<void> => {
    await Promise.all([main.shut(), probes?.shut()]);
  };
  const openAll = async (): Promise<void> => {
    if (probes !== undefined) {
      const { address, port } = await probes.open();
      log.info('listening for probes', { address, port });
    }
    const { address, port } = await main.open();
    log.info('listening', { address, port, tls: secure !== undefined });
    onListening?.({ port, url: `${secure === undefined ? 'http' : 'https'}://localhost:${port}` });
  };
  const listen = async (): Promise<void> => {
    try {
      await openAll();
    } catch (error) {
      await drain();
      throw error;
    }
  };
  const renew = (): void => {
    const next = current().tls;
    if (next !== undefined) secure?.renew(next);
  };
  return { listen, run: (signal) => webConfig.run(signal, renew), drain };
}

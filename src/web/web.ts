/**
 * Wires the guards, the main server and the probe server.
 */
import { type Config, OPTIONS } from '../config/options.ts';
import type { MonotonicClock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import { ok, type Result } from '../util/result.ts';
import { createAuth } from './auth/auth.ts';
import { createBasicAuth } from './auth/basic-auth.ts';
import { createConcurrencyLimiter } from './auth/concurrency-limiter.ts';
import type { Guard, OnRejection } from './auth/guard.ts';
import { verifyPassword } from './auth/password.ts';
import type { WebConfigReloader } from './config/reloader.ts';
import type { WebConfig } from './config/web-config.ts';
import { createHttpListener } from './http-listener.ts';
import type { RouteOptions } from './routes.ts';
import { createProbeServer, createSecureServer, createServer } from './server.ts';

export interface WebOptions {
  readonly config: Pick<Config, 'listenAddress' | 'probeAddress'>;
  readonly clock: MonotonicClock;
  readonly log: Log;
  readonly webConfig: WebConfigReloader;
  readonly routes: Omit<RouteOptions, 'guard' | 'headers' | 'onRejection'>;
  /** Undefined without `--web.kubernetes-auth`. */
  readonly kubernetesAuth: Guard | undefined;
  readonly onRejection: OnRejection;
  /** The verification of a password threw: a bug. */
  readonly onError: (error: unknown) => void;
  /** Called once all addresses are listened on, with the URL as seen from this machine. */
  readonly onListening?: ((at: { readonly port: number; readonly url: string }) => void) | undefined;
}

export interface Web {
  /** If one address fails, none is listened on. The error is a message for the user. */
  readonly listen: () => Promise<Result<void, string>>;
  /** Applies changes of the web configuration until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Closes the servers gracefully. */
  readonly close: () => Promise<void>;
}

function createGuard({ clock, webConfig, kubernetesAuth, onRejection, onError }: WebOptions): Guard {
  const { monotonicMs } = clock;
  const { current } = webConfig;
  const users = () => current().users;
  const limiter = createConcurrencyLimiter(monotonicMs);
  const basicAuth = createBasicAuth({ users, verify: verifyPassword, limiter, onError });
  return createAuth({ webConfig: current, basicAuth, kubernetesAuth, monotonicMs, onRejection });
}

function warnWithoutTls({ log, kubernetesAuth }: WebOptions, { tls, users }: WebConfig): void {
  if (tls === undefined && (users.size > 0 || kubernetesAuth !== undefined))
    log.warn('credentials are sent without TLS');
}

/** Creates the servers, not yet listening. */
export async function createWeb(options: WebOptions): Promise<Web> {
  const { config, clock, log, webConfig, routes, onRejection, onListening } = options;
  const { current } = webConfig;
  const guarded = { ...routes, onRejection, guard: createGuard(options), headers: () => current().headers };
  const { tls } = current();
  const secure = tls && (await createSecureServer(guarded, tls));
  const main = createHttpListener({
    server: secure?.server ?? createServer(guarded),
    address: config.listenAddress,
    flag: OPTIONS.listenAddress.flag,
    clock,
  });
  const probes =
    config.probeAddress &&
    createHttpListener({
      server: createProbeServer(routes),
      address: config.probeAddress,
      flag: OPTIONS.probeAddress.flag,
      clock,
    });
  warnWithoutTls(options, current());

  const close = async (): Promise<void> => {
    await Promise.all([main.close(), probes?.close()]);
  };
  const listenAll = async (): Promise<Result<void, string>> => {
    const probing = await probes?.listen();
    if (probing?.ok === false) return probing;
    const listening = await main.listen();
    if (!listening.ok) return listening;
    if (probing !== undefined) {
      const { address, port } = probing.value;
      log.info('listening for probes', { address, port });
    }
    const { address, port } = listening.value;
    log.info('listening', { address, port, tls: secure !== undefined });
    onListening?.({ port, url: `${secure === undefined ? 'http' : 'https'}://localhost:${port}` });
    return ok(undefined);
  };
  const listen: Web['listen'] = async () => {
    const result = await listenAll();
    if (!result.ok) await close();
    return result;
  };
  const update = (): void => {
    const next = current().tls;
    if (next !== undefined) secure?.update(next);
  };
  return { listen, run: (signal) => webConfig.run(signal, update), close };
}

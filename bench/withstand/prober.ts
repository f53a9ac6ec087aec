/**
 * A thread with a kubelet and a Prometheus: it measures every answer until a message ends it, and posts the times.
 */
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

export interface ProberData {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Times {
  /** Milliseconds; infinite for a request without the whole answer. */
  readonly probes: readonly number[];
  readonly scrapes: readonly number[];
}

const { port, headers } = workerData as ProberData;
/** Not the address of an attacker. */
const ADDRESS = '127.1.0.1';
let isOver = false;

async function load(path: string, agent: Agent): Promise<void> {
  const sent = get({ port, path, agent, headers, host: '127.0.0.1', localAddress: ADDRESS });
  // Also after the response has begun, whose body then fails.
  sent.on('error', () => undefined);
  const [response] = await once(sent, 'response');
  await text(response);
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
}

async function measure(path: string, agent: Agent): Promise<number> {
  const startedAt = performance.now();
  try {
    await load(path, agent);
    return performance.now() - startedAt;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

async function repeat(path: string, everyMs: number): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  while (!isOver) {
    times.push(await measure(path, agent));
    await delay(everyMs);
  }
  times.push(await measure(path, agent));
  agent.destroy();
  return times;
}

parentPort?.once('message', () => {
  isOver = true;
});
// As a Prometheus that has been there for a while.
await measure('/metrics', new Agent());
parentPort?.postMessage('started');
const [probes, scrapes] = await Promise.all([repeat('/healthz', 20), repeat('/metrics', 250)]);
parentPort?.postMessage({ probes, scrapes } satisfies Times);

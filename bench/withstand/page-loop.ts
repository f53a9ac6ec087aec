/**
 * A thread with clients that load the page and the JSON report again and again.
 */
import { workerData } from 'node:worker_threads';

const { port, clients, ms } = workerData as {
  readonly port: number;
  readonly clients: number;
  readonly ms: number;
};
const endsAt = performance.now() + ms;

async function client(index: number): Promise<void> {
  while (performance.now() < endsAt) {
    const path = index % 2 === 0 ? `/?q=${index}` : `/tokens?q=${index}`;
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    await response?.arrayBuffer().catch(() => undefined);
  }
}

await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));

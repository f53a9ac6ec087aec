/**
 * A webhook receiver of Alertmanager that keeps all notifications.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Labels = Readonly<Record<string, string>>;

export interface NotifiedAlert {
  readonly status: 'firing' | 'resolved';
  /** When the alert began to fire. */
  readonly startsAt: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** The payload of a webhook notification. */
export interface Notification {
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Labels;
  readonly alerts: readonly NotifiedAlert[];
}

export interface Received extends Notification {
  /** The path of the request. */
  readonly path: string;
  /** In milliseconds of the wall clock. */
  readonly at: number;
}

export interface Webhook {
  readonly url: string;
  readonly received: readonly Received[];
  /** Waits until the notifications so far match. */
  readonly until: (matches: () => boolean) => Promise<void>;
  readonly close: () => void;
}

export async function createWebhook(): Promise<Webhook> {
  const received: Received[] = [];
  const events = new EventEmitter().setMaxListeners(0);
  const take = async (request: IncomingMessage): Promise<void> => {
    const at = Date.now();
    const notification = JSON.parse(await text(request)) as Notification;
    received.push({ ...notification, path: request.url ?? '', at });
    events.emit('notification');
  };
  const server = createServer((request, response) => void take(request).then(() => response.end()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    until: async (matches) => {
      while (!matches()) await once(events, 'notification');
    },
    close: () => server.close(),
  };
}

/**
 * Limits the number of responses in flight. Beyond the limit, a client is disconnected: the one that has been reading
 * for longest, of the network with the most responses. An error for the new request would hit scrapers, which come and
 * go, and spare an attacker, who stays.
 */
import type { ServerResponse } from 'node:http';
import { networkOf } from '../client-network.ts';

export interface ResponseSlots {
  /** Counts a response until it ends. */
  readonly enter: (response: ServerResponse) => void;
}

/** `cut` disconnects a client. */
export function createResponseSlots(
  maxResponses: number,
  cut: (response: ServerResponse) => void,
): ResponseSlots {
  /** With the network of each client, the oldest first. */
  const inFlight = new Map<ServerResponse, string>();

  const findSlowest = (): ServerResponse | undefined => {
    const counts = Map.groupBy(inFlight, ([, network]) => network);
    const most = Math.max(...Array.from(counts.values(), ({ length }) => length));
    const greedy = Array.from(counts.values()).filter(({ length }) => length === most);
    const oldest = new Set(greedy.map(([first]) => first?.[0]));
    return [...inFlight.keys()].find((response) => oldest.has(response));
  };

  const enter = (response: ServerResponse): void => {
    const slowest = inFlight.size >= maxResponses ? findSlowest() : undefined;
    if (slowest !== undefined) {
      inFlight.delete(slowest);
      cut(slowest);
    }
    inFlight.set(response, networkOf(response.req.socket.remoteAddress));
    response.once('close', () => inFlight.delete(response));
  };
  return { enter };
}

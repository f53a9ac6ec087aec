/**
 * Limits the requests of one connection that wait for their responses. Node reads further requests meanwhile, without
 * a limit of its own, and each takes memory.
 */
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** Browsers, scrapers and proxies send the next request after the response. */
export const MAX_PIPELINED = 8;

/** Resets a connection with more requests in progress. */
export function limitPipelining(handle: RequestListener, reset: (socket: Socket) => void): RequestListener {
  const inProgress = new WeakMap<Socket, number>();
  const add = (socket: Socket, change: number): number => {
    const count = (inProgress.get(socket) ?? 0) + change;
    inProgress.set(socket, count);
    return count;
  };
  return (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    if (add(socket, 1) > MAX_PIPELINED) return reset(socket);
    response.once('close', () => add(socket, -1));
    handle(request, response);
  };
}

/**
 * Generated requests to the exporter, each on a connection of its own.
 */
import { connect } from 'node:net';
import { readAll } from '../support/http.ts';
import type { Random } from './random.ts';
import { text } from './values.ts';

const PATHS = [
  '/metrics',
  '/',
  '/tokens',
  '/healthz',
  '/readyz',
  '/-/healthy',
  '/nowhere',
  '*',
  'http://x/metrics',
];
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'get', 'PRI', ''];
const HEADERS = [
  'Accept: application/openmetrics-text; version=1.0.0',
  'Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  'Accept-Encoding: gzip',
  'Accept-Encoding: gzip;q=0, identity;q=0',
  'Connection: close',
  'Connection: upgrade',
  'Upgrade: h2c',
  'Content-Length: 5',
  'Content-Length: -1',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Expect: 100-continue',
  'Authorization: Basic Og==',
  'X-Prometheus-Scrape-Timeout-Seconds: 0',
] as const;

function target(random: Random): string {
  const path = random.isOneIn(6) ? `/${text(random)}` : random.pick(PATHS);
  if (!random.isOneIn(3)) return path;
  const query = random.list(
    3,
    () => `${random.pick(['q', 'namespace', 'problem', text(random)])}=${text(random)}`,
  );
  return `${path}?${random.isOneIn(2) ? query.map(encoded).join('&') : query.join('&')}`;
}

/** `encodeURIComponent` throws at lone surrogates. */
function encoded(part: string): string {
  return encodeURIComponent(part.toWellFormed()).replace('%3D', '=');
}

function header(random: Random): string {
  return random.isOneIn(3)
    ? `${random.pick(['Host', 'Accept', 'X'])}: ${text(random)}`
    : random.pick(HEADERS);
}

export function generateRequest(random: Random): string {
  if (random.isOneIn(20)) return text(random);
  const version = random.isOneIn(10) ? random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.10', '']) : 'HTTP/1.1';
  const lines = [`${random.pick(METHODS)} ${target(random)} ${version}`, 'Host: 127.0.0.1'];
  lines.push(...random.list(4, () => header(random)));
  const bytes = [...lines, '', ''].join(random.isOneIn(20) ? '\n' : '\r\n');
  return random.isOneIn(10) ? bytes.slice(0, random.below(bytes.length)) : bytes.repeat(1 + random.below(2));
}

/** Sends the bytes, ends the connection, and returns what was received until its end. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.end(bytes, 'latin1');
  return readAll(socket);
}

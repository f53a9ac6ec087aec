/**
 * A registry on the loopback interface that stores what Helm pushes, by the distribution specification of OCI.
 */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Stored {
  readonly type: string;
  readonly bytes: Buffer;
}

export interface Registry {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** The bytes of a manifest, by `repository:tag`. */
  readonly manifest: (name: string) => Buffer | undefined;
  readonly close: () => Promise<void>;
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const OCTETS = 'application/octet-stream';

/** Starts an empty registry. */
export async function startRegistry(): Promise<Registry> {
  /** By path, with the digest and with the tag. */
  const stored = new Map<string, Stored>();
  const put = async (request: IncomingMessage, response: ServerResponse, { pathname, searchParams }: URL) => {
    const bytes = await buffer(request);
    const type = request.headers['content-type'] ?? OCTETS;
    const digest = digestOf(bytes);
    const isUpload = pathname.includes('/blobs/uploads/');
    if (isUpload && searchParams.get('digest') !== digest) return response.writeHead(400).end();
    const folder = pathname.replace(isUpload ? /uploads\/[^/]+$/ : /[^/]+$/, '');
    stored.set(`${folder}${digest}`, { type, bytes });
    if (!isUpload) stored.set(pathname, { type, bytes });
    return response.writeHead(201, { location: `${folder}${digest}`, 'docker-content-digest': digest }).end();
  };
  const get = ({ method }: IncomingMessage, response: ServerResponse, { pathname }: URL) => {
    if (pathname === '/v2/') return response.writeHead(200).end();
    const found = stored.get(pathname);
    if (found === undefined) return response.writeHead(404).end();
    const { type, bytes } = found;
    response.writeHead(200, {
      'content-type': type,
      'content-length': bytes.length,
      'docker-content-digest': digestOf(bytes),
    });
    return response.end(method === 'HEAD' ? undefined : bytes);
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://registry');
    if (request.method === 'PUT') void put(request, response, url);
    else if (request.method !== 'POST') get(request, response, url);
    else response.writeHead(202, { location: `${url.pathname}${randomUUID()}` }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    manifest: (name) => stored.get(`/v2/${name.replace(':', '/manifests/')}`)?.bytes,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

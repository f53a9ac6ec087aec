/**
 * What the kernel holds of responses that clients have yet to read, by client, from its table of connections
 * (proc_net_tcp(5)). Node can neither limit nor read the send buffer of a socket.
 *
 * The table also has the connections that ended within the last minute. Clients that connect often make it tens of
 * megabytes long, so it is read in pieces, and rows with nothing to send are left out.
 */
import { open } from 'node:fs/promises';

/** Bytes, if any, by `address:port` of the client, in the notation of the table. */
export type SendQueues = ReadonlyMap<string, number>;

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
/** The kernel gives no more at a time. */
const PIECE_BYTES = 4_096;
/** The number of the line, the local address, the client's, the state, and the send queue. All but the first are hexadecimal. */
const ROW = /^ *\d+: [0-9A-F]+:([0-9A-F]+) ([0-9A-F]+:[0-9A-F]+) [0-9A-F]+ (?!0+:)([0-9A-F]+):/gm;

export function parseSendQueues(table: string, localPort: number): SendQueues {
  const queues = new Map<string, number>();
  for (const [, port = '', client = '', bytes = ''] of table.matchAll(ROW))
    if (Number.parseInt(port, 16) === localPort) queues.set(client, Number.parseInt(bytes, 16));
  return queues;
}

/** The words of an IPv6 address, 16 bits each. */
function wordsOf(address: string): readonly number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const bytes = (dotted ?? []).slice(1).map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const text =
    dotted === null
      ? address
      : address.replace(dotted[0], `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`);
  const [head = [], tail = []] = text
    .split('::')
    .map((half) => half.split(':').filter((word) => word !== ''));
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail].map((word) => Number.parseInt(word, 16));
}

function bytesOf(address: string): readonly number[] {
  if (!address.includes(':')) return address.split('.').map(Number);
  const [withoutZone = ''] = address.split('%');
  return wordsOf(withoutZone).flatMap((word) => [word >> 8, word & 0xff]);
}

/** The notation of the table: every four bytes as a number of this machine, which is little-endian on all platforms of the image. */
export function clientKey(address: string, port: number): string {
  const bytes = bytesOf(address);
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  const groups = Array.from({ length: bytes.length / 4 }, (_, index) =>
    bytes
      .slice(index * 4, index * 4 + 4)
      .toReversed()
      .map((byte) => hex(byte, 2))
      .join(''),
  );
  return `${groups.join('')}:${hex(port, 4)}`;
}

/** The table, a few whole rows at a time. */
async function* readRows(path: string): AsyncGenerator<string, void> {
  await using file = await open(path);
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  let rest = '';
  for (;;) {
    const { bytesRead } = await file.read(buffer);
    if (bytesRead === 0) return;
    const text = rest + buffer.toString('latin1', 0, bytesRead);
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    yield text.slice(0, end);
  }
}

async function readTable(path: string, localPort: number): Promise<SendQueues> {
  const queues = new Map<string, number>();
  try {
    for await (const rows of readRows(path))
      for (const [client, bytes] of parseSendQueues(rows, localPort)) queues.set(client, bytes);
  } catch {
    // Without IPv6 there is no table of it.
  }
  return queues;
}

export async function readSendQueues(localPort: number): Promise<SendQueues> {
  const tables = await Promise.all(TABLES.map((path) => readTable(path, localPort)));
  return new Map(tables.flatMap((queues) => [...queues]));
}

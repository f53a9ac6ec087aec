/**
 * The kernel's table of connections.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'mocha';
import { clientKey, parseSendQueues, readSendQueues } from '../../../src/web/delivery/send-queues.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:26A6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:26A6 0200007F:C001 01 0003B2A0:00000000 01:00000014 00000000     0        0 2 1 0 20 4 30 10 -1
  12: 0100007F:0050 0200007F:C002 01 00000010:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   0: 0000000000000000FFFF00000100007F:26A6 0000000000000000FFFF00000300007F:C003 04 00000001:00000000 00:00000000 00000000
`;

describe('the send queues of a server', () => {
  const servers: { close: () => void }[] = [];
  after(() => {
    for (const server of servers) server.close();
  });

  it('are those of its port that are not empty, by client', () => {
    assert.deepEqual(Object.fromEntries(parseSendQueues(TABLE, 9_894)), {
      '0200007F:C001': 242_336,
      '0000000000000000FFFF00000300007F:C003': 1,
    });
  });

  for (const [address, key] of [
    ['127.0.0.2', '0200007F'],
    ['::ffff:127.0.0.3', '0000000000000000FFFF00000300007F'],
    ['::1', '00000000000000000000000001000000'],
    ['fe80::1:2%eth0', '000080FE000000000000000002000100'],
    ['2001:db8:1:2:3:4:5:6', 'B80D0120020001000400030006000500'],
  ] as const)
    it(`have the client ${address} as the kernel prints it`, () => {
      assert.equal(clientKey(address, 49_153), `${key}:C001`);
    });

  for (const host of ['127.0.0.1', '::'])
    it(`are found for a client that does not read, of a server on ${host}`, async () => {
      const server = createServer().listen(0, host);
      servers.push(server);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const client = connect(port, '127.0.0.1').pause();
      const [socket] = (await once(server, 'connection')) as [Socket];
      servers.push({ close: () => client.destroy() }, { close: () => socket.destroy() });
      const { remoteAddress = '', remotePort = 0 } = socket;
      socket.write(Buffer.alloc(32 * 1_048_576));
      const queued = async () => (await readSendQueues(port)).get(clientKey(remoteAddress, remotePort)) ?? 0;
      while ((await queued()) < 65_536);
    });

  it('are found for each of more clients than one read of the table returns', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const body = Buffer.alloc(8 * 1_048_576);
    const keys: string[] = [];
    while (keys.length < 64) {
      const client = connect(port, '127.0.0.1').pause();
      const [socket] = (await once(server, 'connection')) as [Socket];
      servers.push({ close: () => client.destroy() }, { close: () => socket.destroy() });
      socket.write(body);
      keys.push(clientKey(socket.remoteAddress ?? '', socket.remotePort ?? 0));
    }
    const areFound = async () => {
      const queues = await readSendQueues(port);
      return keys.every((key) => queues.has(key));
    };
    while (!(await areFound()));
  });
});

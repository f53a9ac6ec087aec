/**
 * The limit of what the kernel holds of responses.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'mocha';
import { createSendLimit } from '../../../src/web/delivery/send-limit.ts';
import { clientKey } from '../../../src/web/delivery/send-queues.ts';

const MAX_BYTES = 300;
const PORT = 9_894;

function client(index: number, host = index): Socket {
  return { remoteAddress: `10.0.0.${host}`, remotePort: 1_000 + index, localPort: PORT } as Socket;
}

/** Clients with queues of so many bytes, each of an address of its own. */
function start(...queues: readonly number[]) {
  return startWith(queues, (index) => index);
}

/** As above; `hostOf` gives the last byte of a client's address. */
function startWith(queues: readonly number[], hostOf: (index: number) => number) {
  const clients = queues.map((_, index) => client(index, hostOf(index)));
  const cut: number[] = [];
  let reads = 0;
  const table = new Map(
    queues.map((bytes, index) => [clientKey(`10.0.0.${hostOf(index)}`, 1_000 + index), bytes]),
  );
  const { reserve } = createSendLimit({
    maxBytes: MAX_BYTES,
    readQueues: async (port) => {
      assert.equal(port, PORT);
      reads += 1;
      return table;
    },
    sockets: () => clients,
    reset: (socket) => cut.push(clients.indexOf(socket)),
  });
  return { reserve: (bytes: number) => reserve(bytes, client(0)), cut, reads: () => reads };
}

describe('the limit of what the kernel holds', () => {
  it('is checked once for a third of it, however many clients send', async () => {
    const { reserve, reads } = start(0);
    await reserve(100);
    assert.equal(reads(), 0);
    await Promise.all([reserve(50), reserve(50), reserve(50)]);
    assert.equal(reads(), 1);
  });

  it('cuts the clients with the longest queues, and no more than needed', async () => {
    const { reserve, cut } = start(10, 200, 90, 201);
    await reserve(101);
    assert.deepEqual(cut, [3]);
  });

  it('cuts connections of the address with the most, not the longest queue of another', async () => {
    const { reserve, cut } = startWith([100, 60, 70, 80, 90], (index) => Math.min(index, 1));
    await reserve(101);
    assert.deepEqual(cut, [4, 3]);
  });

  it('cuts no client below it, and none without a queue', async () => {
    const below = start(100, 200);
    await below.reserve(101);
    const above = start(0, 301, 0);
    await above.reserve(101);
    assert.deepEqual([below.cut, above.cut], [[], [1]]);
  });

  it('does not hold up a client that has left', async () => {
    const { reserve } = createSendLimit({
      maxBytes: 0,
      readQueues: () => assert.fail(),
      sockets: () => [],
      reset: () => assert.fail(),
    });
    await reserve(1, {} as Socket);
  });
});

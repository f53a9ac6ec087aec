/**
 * Which client is disconnected if there are too many responses.
 */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'mocha';
import { createResponseSlots } from '../../../src/web/delivery/response-slots.ts';

function responseTo(remoteAddress: string): ServerResponse {
  return Object.assign(new EventEmitter(), { req: { socket: { remoteAddress } } }) as ServerResponse;
}

function create(maxResponses: number) {
  const cut: ServerResponse[] = [];
  const { enter } = createResponseSlots(maxResponses, (response) => cut.push(response));
  return {
    cut,
    enter: (remoteAddress: string): ServerResponse => {
      const response = responseTo(remoteAddress);
      enter(response);
      return response;
    },
  };
}

describe('response slots', () => {
  it('disconnect no client up to the limit', () => {
    const { enter, cut } = create(2);
    enter('10.0.0.1').emit('close');
    enter('10.0.0.1');
    enter('10.0.0.1');
    assert.deepEqual(cut, []);
  });

  it('disconnect the client that has been reading for longest', () => {
    const { enter, cut } = create(2);
    const [first, second] = [enter('10.0.0.1'), enter('10.0.0.1')];
    enter('10.0.0.1');
    assert.deepEqual(cut, [first]);
    enter('10.0.0.1');
    assert.deepEqual(cut, [first, second]);
  });

  it('disconnect a client of the network with the most responses', () => {
    const { enter, cut } = create(4);
    enter('10.0.0.1');
    const greedy = [enter('fd00::1'), enter('fd00::2'), enter('fd00::3')];
    enter('10.0.0.2');
    enter('10.0.0.3');
    assert.deepEqual(cut, greedy.slice(0, 2));
  });
});

/**
 * What tests of watching begin with: one old pod with one volume, in which one token is rotated.
 */
import assert from 'node:assert/strict';
import type { Seen, TestSource } from '../../support/sources.ts';
import { nextToken, type TestNode, type TestVolume } from '../../support/volumes.ts';

export function rotate(volume: TestVolume, id: string): void {
  volume.write({ token: nextToken({ jti: id }), 'ca.crt': 'a certificate' });
}

/** What is seen of the usual volume with the token `id`. */
export function seenAt(id: string): Seen {
  return { tokens: [`vault-token/token ${id}`], unreadable: [] };
}

/** Makes the volume and lets time pass, until nothing but an event or a scan gives reason to look at it. */
export async function settledVolume(node: TestNode, source: TestSource): Promise<TestVolume> {
  const volume = node.volume();
  rotate(volume, 'first');
  await source.scan();
  source.shiftClock(3_600);
  await source.scan();
  assert.equal(source.isPending(), false);
  return volume;
}

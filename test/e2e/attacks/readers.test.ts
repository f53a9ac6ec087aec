/**
 * Clients of one address, without credentials, that never read: `serve` on a node of 1,000 tokens stays within its
 * memory, and every other client gets whole responses.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { plainFolders } from '../../../simulator/kubelet/mounts.ts';
import { tokenVolume } from '../../../simulator/pods.ts';
import { createWorld } from '../../../simulator/world.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { readSendQueues } from '../../../src/web/delivery/send-queues.ts';
import { LIMITS } from '../../../src/web/server.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { get } from './attack.ts';
import { open, send } from './attacker.ts';

const PODS = 250;
const AUDIENCES = ['vault', 'aws', 'istio'];
const MAX_RESIDENT_KB = 160 * 1_024;
/** The limit, a third of it that is sent before it is checked, and a slice for each connection. */
const MAX_QUEUED_BYTES = (LIMITS.maxQueuedBytes * 4) / 3 + 100 * 65_536;
const ATTACKER = '127.0.0.7';
const SCRAPER = '127.0.0.8';
/** The kernel takes one or two of these responses. The others wait in the exporter. */
const PIPELINED = 8;

describe('clients that never read', () => {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-readers-'));
  const world = createWorld({ rootDir, mounts: plainFolders, now: systemClock.now });
  let program: Program;
  let slow: Socket[] = [];

  before(async () => {
    const volumes = AUDIENCES.map((audience) =>
      tokenVolume(audience, { path: 'token', audience, expirationSeconds: 7_200 }),
    );
    for (let index = 0; index < PODS; index += 1)
      world.run({ name: `pod-${index}`, serviceAccount: 'default', volumes }, 60);
    program = await startProgram('serve', `--kubelet.root-dir=${rootDir}`, '--cluster.mode=off');
  });
  afterEach(() => {
    for (const socket of slow) socket.destroy();
    slow = [];
  });
  after(async () => {
    await program.stop();
    world.kubelet.close();
    rmSync(rootDir, { recursive: true });
  });

  const target = () => ({ port: Number(new URL(program.url).port), isSecure: false });
  const attack = async (requests: readonly string[]): Promise<void> => {
    const socket = await open(target(), ATTACKER);
    slow.push(socket);
    socket.write(requests.join(''));
    await once(socket, 'readable');
  };
  const scrapeFrom = async (address: string): Promise<void> => {
    const text = await send(target(), address, get('/metrics'));
    assert.match(text, /^HTTP\/1\.1 200/);
    assert.equal(text.match(/^satoken_expiration_timestamp_seconds\{/gm)?.length, PODS * 4);
  };
  const assertMemory = (): void => {
    const [, kilobytes] =
      /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${program.process.pid}/status`, 'utf8')) ?? [];
    assert.ok(Number(kilobytes) < MAX_RESIDENT_KB, `${kilobytes} kB`);
  };

  /** What the kernel holds of the responses, by the table that it has for this process as well. */
  const assertQueues = async (): Promise<void> => {
    const queues = await readSendQueues(target().port);
    const held = queues.values().reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(held < MAX_QUEUED_BYTES, `${held} bytes`);
  };
  const kept = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

  for (const { it: title, requestsOf } of [
    {
      it: 'the metrics, from 100 connections',
      requestsOf: () => Array<string>(PIPELINED).fill(kept('/metrics')),
    },
    {
      it: 'the metrics, from 100 connections that end with them',
      requestsOf: () => [get('/metrics')],
    },
    {
      it: 'pages and JSON with a filter of their own, from 100 connections',
      requestsOf: (index: number) =>
        [`/?q=pod-${index % 10}`, '/tokens', '/', `/tokens?q=${index}`].map(kept),
    },
  ])
    it(`leave memory and scrapes to others if they ask for ${title}`, async () => {
      for (let index = 0; index < 100; index += 1) {
        await attack(requestsOf(index));
        if (index % 20 !== 0) continue;
        await scrapeFrom(SCRAPER);
        await assertQueues();
      }
      await scrapeFrom(SCRAPER);
      await scrapeFrom(ATTACKER);
      assert.equal((await fetch(program.url)).status, 200);
      await assertQueues();
      assertMemory();
    });
});

/**
 * Clients of one address, without credentials, that never read: `serve` on a node of 1,000 tokens stays within its
 * memory, and every other client gets whole responses.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
import { type LimitedProgram, startLimitedProgram } from '../../support/program.ts';
import { get } from './attack.ts';
import { send } from './attacker.ts';
import { openReader, READER, READER_ATTACKS } from './reader-attacks.ts';

const PODS = 250;
const AUDIENCES = ['vault', 'aws', 'istio'];
const MAX_BYTES = 160 * 1_048_576;
/** The limit, a third of it that is sent before it is checked, and a slice for each connection. */
const MAX_QUEUED_BYTES = (LIMITS.maxQueuedBytes * 4) / 3 + 100 * 65_536;
const SCRAPER = '127.0.0.8';

describe('clients that never read', () => {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-readers-'));
  const world = createWorld({ rootDir, mounts: plainFolders, now: systemClock.now });
  let program: LimitedProgram;
  let slow: Socket[] = [];

  before(async () => {
    execFileSync('npm', ['run', '--silent', 'build']);
    const volumes = AUDIENCES.map((audience) =>
      tokenVolume(audience, { path: 'token', audience, expirationSeconds: 7_200 }),
    );
    for (let index = 0; index < PODS; index += 1)
      world.run({ name: `pod-${index}`, serviceAccount: 'default', volumes }, 60);
    program = await startLimitedProgram('serve', `--kubelet.root-dir=${rootDir}`, '--cluster.mode=off');
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
  const scrapeFrom = async (address: string): Promise<void> => {
    const text = await send(target(), address, get('/metrics'));
    assert.match(text, /^HTTP\/1\.1 200/);
    assert.equal(text.match(/^satoken_expiration_timestamp_seconds\{/gm)?.length, PODS * 4);
  };
  const assertMemory = (): void => {
    assert.ok(program.peakBytes() < MAX_BYTES, `${program.peakBytes()} bytes`);
    assert.equal(program.kills(), 0);
  };

  /** What the kernel holds of the responses, by the table that it has for this process as well. */
  const assertQueues = async (): Promise<void> => {
    const queues = await readSendQueues(target().port);
    const held = queues.values().reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(held < MAX_QUEUED_BYTES, `${held} bytes`);
  };

  for (const attack of READER_ATTACKS)
    it(`leave memory and scrapes to others if they ask for ${attack.it}`, async () => {
      for (let index = 0; index < 100; index += 1) {
        slow.push(await openReader(target(), attack, index));
        if (index % 20 !== 0) continue;
        await scrapeFrom(SCRAPER);
        await assertQueues();
      }
      await scrapeFrom(SCRAPER);
      await scrapeFrom(READER);
      assert.equal((await fetch(program.url)).status, 200);
      await assertQueues();
      assertMemory();
    });
});

/**
 * A process with a thread that only wakes up once a second and posts a message: the least that a thread which looks for
 * events can cost. Where caches are cold after each sleep, this is many times as much as elsewhere.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MEMORY_FLAGS } from '../src/runtime/node-flags.ts';
import { cpuTimeMs, type Exporter, residentMemory } from './exporter.ts';

const THREAD = `
  const { parentPort } = require('node:worker_threads');
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    Atomics.wait(never, 0, 0, 1_000);
    parentPort.postMessage('awake');
  }`;
const MAIN = `
  const { Worker } = require('node:worker_threads');
  const thread = new Worker(process.argv[1], { eval: true });
  thread.once('message', () => console.log('up'));
  thread.on('message', () => {});`;

export interface IdleThread extends Pick<Exporter, 'cpuMs' | 'memory'> {
  readonly stop: () => void;
}

export async function startIdleThread(): Promise<IdleThread> {
  const child = spawn(process.execPath, [...MEMORY_FLAGS, '-e', MAIN, THREAD], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    cpuMs: () => cpuTimeMs(child),
    memory: () => residentMemory(child),
    stop: () => child.kill(),
  };
}

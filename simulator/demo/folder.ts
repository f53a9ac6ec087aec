/**
 * The folder of a running demo, and the folders of demos that were killed.
 *
 * A demo listens on a socket in its folder while it runs. The kernel closes the socket however the demo ends, so a
 * socket that refuses connections marks a folder that is left over.
 */
import { once } from 'node:events';
import { globSync, lstatSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { unmountBelow } from '../kubelet/mounts.ts';

export interface DemoFolder {
  readonly path: string;
  /** Folders of killed demos that were removed. */
  readonly removed: readonly string[];
  /** Unmounts and removes everything in it. */
  readonly remove: () => Promise<void>;
}

const PREFIX = 'satoken-demo-';
const SOCKET = 'running';

function isOwnFolder(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}

/** A folder without a socket is not a leftover: its demo may be about to listen. */
async function isLeftOver(folder: string): Promise<boolean> {
  if (!isOwnFolder(folder)) return false;
  const socket = connect(join(folder, SOCKET));
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

async function removeFolder(folder: string): Promise<void> {
  unmountBelow(folder);
  await rm(folder, { recursive: true, force: true });
}

async function removeLeftovers(parent: string): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of globSync(`${PREFIX}*`, { cwd: parent })) {
    const folder = join(parent, name);
    if (!(await isLeftOver(folder))) continue;
    await removeFolder(folder);
    removed.push(folder);
  }
  return removed;
}

/** Creates a folder for a demo in `temporary`, after removing the leftovers there. */
export async function openDemoFolder(temporary: string): Promise<DemoFolder> {
  // The kernel lists mount points without symbolic links.
  const parent = await realpath(temporary);
  const removed = await removeLeftovers(parent);
  const path = await mkdtemp(join(parent, PREFIX));
  const server = createServer((socket) => void socket.destroy()).unref();
  await once(server.listen(join(path, SOCKET)), 'listening');
  const remove = async (): Promise<void> => {
    server.close();
    await removeFolder(path);
  };
  return { path, removed, remove };
}

/**
 * A generated node on disk: volumes whose content changes at random, and one pod that stays healthy.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { swapData } from '../../simulator/kubelet/atomic-writer.ts';
import { accountName, PODS, podUid, VOLUMES } from './names.ts';
import type { Random } from './random.ts';
import { generateToken, markerToken } from './tokens.ts';
import { text } from './values.ts';

export const MARKER_UID = 'ffffffff-ffff-4fff-8fff-ffffffffffff';

export interface Written {
  readonly files: number;
  /** Files that are a token with generated claims. */
  readonly claims: number;
}

export interface FuzzNode {
  /** Writes about `size` files and tokens. */
  readonly change: (random: Random, size: number, now: number) => Written;
  /** Rotates the token of the healthy pod to one that expires at this time. */
  readonly mark: (expiresAt: number, now: number) => void;
}

const MAX_FILES_PER_VOLUME = 48;
const PLUGINS = ['kubernetes.io~projected', 'kubernetes.io~secret'] as const;

/** Bytes of a file name; not what the system refuses. */
function fileName(random: Random): Buffer {
  const chosen = random.oneOf(
    () => Buffer.from(random.pick(['token', 'ca.crt', 'namespace', 'vault-token', 'd', 'a', 'b'])),
    () => Buffer.from(text(random)),
    () => random.bytes(1 + random.below(40)),
    () => Buffer.from(accountName(random.below(200))),
  );
  const name = chosen.subarray(0, 200).map((byte) => (byte === 0 || byte === 0x2f ? 0x5f : byte));
  const isReserved = ['', '.', '..'].includes(Buffer.from(name).toString('latin1'));
  return isReserved ? Buffer.from('token') : Buffer.from(name);
}

function content(random: Random): Buffer | string {
  return random.oneOf<Buffer | string>(
    () => random.bytes(random.below(300)),
    () => `eyJ${text(random)}`,
    () => ' '.repeat(random.below(80)),
    () => `-----BEGIN CERTIFICATE-----\n${text(random)}`,
    () => (random.isOneIn(20) ? 'eyJ'.padEnd(random.pick([65_535, 65_536, 65_537, 200_000]), 'A') : ''),
  );
}

function under(directory: string | Buffer, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(directory), Buffer.from('/'), name]);
}

/** Makes anything but a regular file. */
function makeOdd(random: Random, path: Buffer): void {
  random.oneOf(
    () => symlinkSync(random.pick(['/etc', '..', 'token', 'loop', '/dev/zero', '../..data']), path),
    () => mkdirSync(path),
    () => void mkdirSync(under(path, Buffer.from('d')), { recursive: true }),
  );
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Ignores errors of system calls: a name may be taken, or too long. Returns whether it succeeded. */
function attempt(make: () => void): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}

type Kind = 'claims' | 'files';

/** Writes one object into a directory. */
function writeOne(random: Random, directory: string, now: number): Kind {
  const folder = random.isOneIn(6) ? under(directory, fileName(random)) : Buffer.from(directory);
  attempt(() => mkdirSync(folder));
  const path = under(folder, fileName(random));
  if (random.isOneIn(12)) {
    attempt(() => makeOdd(random, path));
    return 'files';
  }
  const isToken = random.isOneIn(2);
  const bytes = isToken ? generateToken(random, now) : content(random);
  const isWritten = attempt(() => writeFileSync(path, bytes, { flag: 'wx' }));
  return isToken && isWritten ? 'claims' : 'files';
}

/** Breaks the volume itself, as a kubelet that is killed, or an attacker, could. */
function breakVolume(random: Random, volume: string): void {
  const data = join(volume, '..data');
  random.oneOf(
    () => rmSync(volume, { recursive: true, force: true }),
    () => rmSync(join(volume, '..', '..', '..'), { recursive: true, force: true }),
    () => rmSync(data, { recursive: true, force: true }),
    () => {
      rmSync(data, { recursive: true, force: true });
      symlinkSync(random.pick(['/etc', '..', '..data', '..gone', 'a\nb', '/proc/self']), data);
    },
    () => renameSync(volume, `${volume}-${random.below(4)}`),
    () => {
      rmSync(volume, { recursive: true, force: true });
      writeFileSync(volume, 'a file');
    },
  );
}

function createVolumes(rootDir: string) {
  let generations = 0;
  const folderOf = (pod: string, plugin: string, volume: string): string =>
    join(rootDir, 'pods', pod, 'volumes', plugin, volume);

  const fill = (volume: string, write: (generation: string) => void): void => {
    generations += 1;
    const name = `..2026_11_24_00_00_00.${generations}`;
    mkdirSync(join(volume, name), { recursive: true });
    write(join(volume, name));
    swapData(volume, name);
    for (const other of readdirSync(volume))
      if (other.startsWith('..2') && other !== name) rmSync(join(volume, other), { recursive: true });
  };
  return { folderOf, fill };
}

export function createFuzzNode(rootDir: string): FuzzNode {
  const { folderOf, fill } = createVolumes(rootDir);
  mkdirSync(join(rootDir, 'pods'), { recursive: true });

  const changeOne = (random: Random, now: number): Written => {
    const counts = { files: 0, claims: 0 };
    const volume = folderOf(podUid(random.below(PODS)), random.pick(PLUGINS), random.pick(VOLUMES));
    if (random.isOneIn(12)) {
      attempt(() => breakVolume(random, volume));
      return { files: 1, claims: 0 };
    }
    const size = 1 + random.below(MAX_FILES_PER_VOLUME);
    const isFilled = attempt(() =>
      fill(volume, (generation) => {
        for (let file = 0; file < size; file += 1) counts[writeOne(random, generation, now)] += 1;
      }),
    );
    if (!isFilled) attempt(() => rmSync(volume, { recursive: true, force: true }));
    return counts;
  };

  return {
    change: (random, size, now) => {
      let [files, claims] = [0, 0];
      while (files + claims < size) {
        const written = changeOne(random, now);
        files += written.files;
        claims += written.claims;
      }
      return { files, claims };
    },
    mark: (expiresAt, now) =>
      fill(folderOf(MARKER_UID, PLUGINS[0], 'marker'), (generation) =>
        writeFileSync(join(generation, 'token'), markerToken({ uid: MARKER_UID, expiresAt, now })),
      ),
  };
}

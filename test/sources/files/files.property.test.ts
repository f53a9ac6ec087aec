/**
 * Any bytes under any name, and any directory tree: tokens or reasons, never an exception, and the valid token is
 * always read.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { after, afterEach, before, describe, it } from 'mocha';
import { READ_FAILURES } from '../../../src/core/observation.ts';
import { readChanges, type Volume } from '../../../src/sources/files/volume.ts';
import { jwt } from '../../support/tokens.ts';
import {
  complete,
  createNode,
  KIND_OF_MOUNT,
  type TestNode,
  type TestVolume,
  unwatched,
} from './support/test-node.ts';

const TOKEN = jwt();
const SECRET = TOKEN.slice(TOKEN.lastIndexOf('.') + 1);

let node: TestNode;
let volume: TestVolume;

/** Hooks at the top level of a file would run for all files. */
function useFreshState(): void {
  before(() => {
    node = createNode();
    volume = node.volume();
  });
  after(() => node.remove());
  afterEach(() => clear());
}

function clear(): void {
  for (const name of readdirSync(volume.location.directory))
    rmSync(join(volume.location.directory, name), { recursive: true, force: true });
}

function inGeneration(name: Uint8Array | string): Buffer {
  return Buffer.concat([Buffer.from(`${volume.generation()}/`), Buffer.from(name)]);
}

function read(): Volume {
  const state = unwatched(volume);
  complete(readChanges(state, () => assert.fail('there was no token before')));
  return state;
}

/** Holds for any observation: reasons of the contract, printable lines, no duplicates, no piece of a signature. */
function assertSound({ tokens, unreadable }: Volume): void {
  const keys = [
    ...tokens.map(({ identity }) => `token ${identity.path}`),
    ...unreadable.map(({ path, reason }) => `${reason} ${path}`),
  ];
  assert.equal(new Set(keys).size, keys.length);
  for (const key of keys) assert.doesNotMatch(key, /[\p{C}\p{Zl}\p{Zp}]/u);
  for (const { reason } of unreadable) assert.ok(READ_FAILURES.includes(reason));
  assert.ok(!JSON.stringify([tokens, unreadable]).includes(SECRET));
}

const name = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x5f : byte)))
  .filter((bytes) => !['.', '..'].includes(Buffer.from(bytes).toString()));

/** Random bytes, a token with a part replaced, or a token with bytes around it. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc.tuple(fc.nat(TOKEN.length), fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([at, bytes]) => {
    return Buffer.concat([
      Buffer.from(TOKEN.slice(0, at)),
      bytes,
      Buffer.from(TOKEN.slice(at + bytes.length)),
    ]);
  }),
  fc.tuple(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 })).map(([start, end]) => {
    return Buffer.concat([start, Buffer.from(TOKEN), end]);
  }),
);

describe(`any files in a volume (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('give tokens or reasons, for any names and bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, content), { maxLength: 6 }), (files) => {
        clear();
        volume.fill({ 'vault-token': TOKEN });
        for (const [path, bytes] of files) writeFileSync(inGeneration(path), bytes);
        assertSound(read());
      }),
      { numRuns: 300 },
    );
  });
});

/** Does not write to an existing path, which may be a FIFO. */
const NEW = { flag: 'wx' };

/** Creates an object at a path. If the path exists or cannot be created, the tree stays as it is. */
const KINDS: Readonly<Record<string, (path: Buffer) => void>> = {
  file: (path) => writeFileSync(path, 'data', NEW),
  huge: (path) => writeFileSync(path, `eyJ${'A'.repeat(70_000)}`, NEW),
  token: (path) => writeFileSync(path, TOKEN, NEW),
  directory: (path) => mkdirSync(path),
  linkOut: (path) => symlinkSync('/etc', path),
  linkUp: (path) => symlinkSync('..', path),
  linkToValid: (path) => symlinkSync('../vault-token', path),
  linkLoop: (path) => symlinkSync('loop', path),
  fifo: (path) => void spawnSync('mkfifo', ['--', path.toString('utf8')]),
};

const part = fc.constantFrom('a', 'b', 'loop', 'token', '..x', '.y', 'd\n');
const object = fc.record({
  path: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
  kind: fc.constantFrom(...Object.keys(KINDS)),
});

function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function make(path: string, kind: string): void {
  try {
    KINDS[kind]?.(inGeneration(path));
  } catch (error) {
    if (!isFileSystemError(error)) throw error;
  }
}

describe(`any tree in a volume (${KIND_OF_MOUNT})`, () => {
  useFreshState();

  it('leaves the valid token readable, and no file open', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 12 }), (objects) => {
        clear();
        volume.fill({ 'vault-token': TOKEN });
        for (const { path, kind } of objects) make(path, kind);
        const open = readdirSync('/proc/self/fd').length;
        const state = read();
        assertSound(state);
        assert.ok(state.tokens.some(({ identity }) => identity.path === 'vault-token'));
        assert.equal(readdirSync('/proc/self/fd').length, open);
      }),
      { numRuns: 150 },
    );
  });
});

/**
 * What a pass over the node costs beside the system calls it cannot do without.
 */
import { closeSync, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { createTokenFiles, type TokenFiles } from '../src/sources/token-files.ts';
import { compare } from './measure.ts';
import type { BenchNode } from './node.ts';
import { report } from './report.ts';

const nothing = (): void => undefined;

export function createSource(rootDir: string, isWatching: boolean): TokenFiles {
  return createTokenFiles({
    rootDir,
    isWatching,
    now: () => Date.now() / 1_000,
    onNudge: nothing,
    onRotation: nothing,
    onReadFailure: nothing,
    onWatchFailure: nothing,
  });
}

const buffer = Buffer.alloc(64 * 1024);

function readBare(path: string): unknown {
  const descriptor = openSync(path, 'r');
  fstatSync(descriptor);
  const length = readSync(descriptor, buffer, 0, buffer.length, 0);
  closeSync(descriptor);
  const [, payload = ''] = buffer.toString('latin1', 0, length).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

async function firstPass(rootDir: string, isWatching: boolean): Promise<void> {
  const source = createSource(rootDir, isWatching);
  await source.scan();
  if (source.observe().tokens.length !== 1_000) throw new Error('not all tokens were found');
  source.close();
}

export async function benchPasses({ rootDir, volumes }: BenchNode): Promise<boolean> {
  const files = volumes.map((volume) => `${volume}/token`);
  const links = volumes.map((volume) => `${volume}/..data`);
  const first = await compare([
    { name: 'bare', run: () => files.map(readBare) },
    { name: 'pass', run: () => firstPass(rootDir, false) },
    { name: 'watching', run: () => firstPass(rootDir, true) },
  ]);
  const source = createSource(rootDir, true);
  await source.scan();
  const again = await compare(
    [
      { name: 'bare', run: () => links.map((link) => readlinkSync(link)) },
      { name: 'pass', run: () => source.scan() },
    ],
    101,
    20,
  );
  source.close();
  const [bare = 0, bareAgain = 0] = [first['bare'], again['bare']];
  return [
    report({
      what: 'first pass, against open+fstat+read+close+JSON.parse',
      value: (first['pass'] ?? 0) / bare,
      atMost: 2,
      unit: 'x',
    }),
    report({ what: 'the same, with its watches laid', value: (first['watching'] ?? 0) / bare, unit: 'x' }),
    report({ what: 'the bare loop', value: bare, unit: 'ms' }),
    report({
      what: 'unchanged pass, against its readlinks',
      value: (again['pass'] ?? 0) / bareAgain,
      atMost: 1.5,
      unit: 'x',
    }),
    report({ what: 'the bare readlinks', value: bareAgain, unit: 'ms' }),
  ].every(Boolean);
}

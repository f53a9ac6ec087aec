/**
 * Cost of a scan, relative to its indispensable system calls.
 */
import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { createTokenFiles, type TokenFiles } from '../src/sources/files/token-files.ts';
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

function readFile(path: string): number {
  const descriptor = openSync(path, 'r');
  fstatSync(descriptor);
  const length = readSync(descriptor, buffer, 0, buffer.length, 0);
  closeSync(descriptor);
  return length;
}

function parseToken(length: number): unknown {
  const [, payload = ''] = buffer.toString('latin1', 0, length).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

/** The baseline for known files: reads each file and parses tokens. */
function readBare(path: string): void {
  const length = readFile(path);
  if (path.endsWith('/token')) parseToken(length);
}

/** The baseline that also finds the files: lists folders, checks for links, and for a swap in the meantime. */
function findBare(rootDir: string): void {
  for (const pod of readdirSync(`${rootDir}/pods`)) {
    const plugins = `${rootDir}/pods/${pod}/volumes`;
    for (const plugin of readdirSync(plugins)) {
      for (const volume of readdirSync(`${plugins}/${plugin}`))
        readVolumeBare(`${plugins}/${plugin}/${volume}`);
    }
  }
}

function readVolumeBare(volume: string): void {
  const generation = `${volume}/${readlinkSync(`${volume}/..data`)}`;
  lstatSync(generation);
  for (const { name } of readdirSync(generation, { withFileTypes: true })) readBare(`${generation}/${name}`);
  readlinkSync(`${volume}/..data`);
}

async function firstScan(rootDir: string, isWatching: boolean): Promise<void> {
  const source = createSource(rootDir, isWatching);
  await source.scan();
  if (source.observe().tokens.length !== 1_000) throw new Error('the scan did not find all tokens');
  source.close();
}

export async function benchScan({ rootDir, volumes }: BenchNode): Promise<boolean> {
  const files = volumes.flatMap((volume) =>
    readdirSync(volume)
      .filter((name) => !name.startsWith('..'))
      .map((name) => `${volume}/${name}`),
  );
  const links = volumes.map((volume) => `${volume}/..data`);
  const first = await compare([
    { name: 'bare', run: () => files.forEach(readBare) },
    { name: 'found', run: () => findBare(rootDir) },
    { name: 'scan', run: () => firstScan(rootDir, false) },
    { name: 'watching', run: () => firstScan(rootDir, true) },
  ]);
  const source = createSource(rootDir, true);
  await source.scan();
  const again = await compare(
    [
      { name: 'bare', run: () => links.map((link) => readlinkSync(link)) },
      { name: 'scan', run: () => source.scan() },
    ],
    101,
    20,
  );
  source.close();
  return [
    report({
      what: `baseline: open, fstat, read, close of ${files.length} files, JSON.parse of the tokens`,
      value: first.ms('bare'),
      unit: 'ms',
    }),
    report({ what: 'first scan, relative to the baseline', value: first.ratio('scan', 'bare'), unit: 'x' }),
    report({
      what: 'first scan, relative to the baseline with finding the files',
      value: first.ratio('scan', 'found'),
      atMost: 2,
      unit: 'x',
    }),
    report({ what: 'same, with watches', value: first.ratio('watching', 'found'), unit: 'x' }),
    report({ what: 'baseline: readlink of all volumes', value: again.ms('bare'), unit: 'ms' }),
    report({
      what: 'scan without changes, relative to the baseline',
      value: again.ratio('scan', 'bare'),
      atMost: 1.5,
      unit: 'x',
    }),
  ].every(Boolean);
}

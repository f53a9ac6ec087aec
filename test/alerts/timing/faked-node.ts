/**
 * The built exporter on a simulated node. Both follow a wall clock that only the test advances.
 *
 * libfaketime reads the time of the exporter's process from a file. Its timers run as usual.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainFolders } from '../../../simulator/kubelet/mounts.ts';
import { createWorld, type World } from '../../../simulator/world.ts';
import { ROOT } from '../../docs/documents.ts';
import { startBuiltProgramWith } from '../../support/program.ts';
import { LIBFAKETIME } from '../../support/tools.ts';

export interface FakedNode {
  readonly world: World;
  readonly now: () => number;
  readonly setTime: (time: number) => void;
  /** The exposition at the current time, once the exporter has read every token that the kubelet wrote. */
  readonly scrape: () => Promise<string>;
  readonly close: () => Promise<void>;
}

const ISSUED =
  /^satoken_issued_timestamp_seconds\{.*?pod_uid="(?<pod>[^"]*)".*?volume="(?<volume>[^"]*)".*?\} (?<time>\S+)$/gm;
const PATH = /pods\/(?<pod>[^/]+)\/volumes\/[^/]+\/(?<volume>[^/]+)\/token$/;

/** In UTC, in the format of libfaketime. */
function fakeTime(time: number): string {
  return `${new Date(time * 1_000).toISOString().slice(0, 19).replace('T', ' ')}\n`;
}

/** When each token was issued, according to the exporter: lines that can be compared. */
function issuedIn(exposition: string): readonly string[] {
  const found = [...exposition.matchAll(ISSUED)].map(({ groups = {} }) => groups);
  return found.map(({ pod, volume, time }) => `${pod} ${volume} ${Number(time)}`).sort();
}

/** The same according to the files. */
function issuedOnDisk(rootDir: string): readonly string[] {
  const files = globSync('pods/*/volumes/*/*/token', { cwd: rootDir });
  return files
    .map((file) => {
      const { pod, volume } = PATH.exec(file)?.groups ?? {};
      const [, payload = ''] = readFileSync(join(rootDir, file), 'utf8').split('.');
      const { iat } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iat: number };
      return `${pod} ${volume} ${iat}`;
    })
    .sort();
}

/** `argsOf` can run the exporter's own pod. */
export async function startFakedNode(
  start: number,
  argsOf: (world: World) => readonly string[] = () => [],
): Promise<FakedNode> {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT });
  const folder = mkdtempSync(join(tmpdir(), 'satoken-faked-'));
  const timeFile = join(folder, 'time');
  const rootDir = join(folder, 'kubelet');
  let time = start;
  const setTime = (to: number): void => {
    time = to;
    writeFileSync(`${timeFile}.new`, fakeTime(to));
    renameSync(`${timeFile}.new`, timeFile);
  };
  setTime(start);
  // The kubelet of a node that runs an exporter has run pods before.
  mkdirSync(join(rootDir, 'pods'), { recursive: true });
  const world = createWorld({ rootDir, mounts: plainFolders, now: () => time });
  const variables = {
    TZ: 'UTC',
    LD_PRELOAD: LIBFAKETIME,
    FAKETIME_TIMESTAMP_FILE: timeFile,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  const options = [`--kubelet.root-dir=${rootDir}`, '--node-name=node-1', ...argsOf(world)];
  const program = await startBuiltProgramWith(variables, 'serve', ...options);

  const scrape = async (): Promise<string> => {
    const expected = issuedOnDisk(rootDir).join();
    for (;;) {
      const exposition = await (await fetch(`${program.url}/metrics`)).text();
      if (issuedIn(exposition).join() === expected) return exposition;
    }
  };
  const close = async (): Promise<void> => {
    await program.stop();
    world.kubelet.close();
    rmSync(folder, { recursive: true });
  };
  return { world, now: () => time, setTime, scrape, close };
}

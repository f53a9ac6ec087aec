/**
 * Owners of pods who fill Secrets: `serve` stays within its memory and answers, and all other pods keep their tokens.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Program, startBuiltProgram } from '../../support/program.ts';
import { jwt, rawClaims } from '../../support/tokens.ts';

const VICTIMS = 20;
const MAX_RESIDENT_KB = 160 * 1_024;
const GENERATION = '..2026_11_29_00_00_00.1';

type Files = readonly (readonly [name: string, content: string])[];

interface Attack {
  readonly it: string;
  readonly pods: number;
  /** Secrets in each pod, all with the same files. */
  readonly volumes: number;
  readonly files: () => Files;
  /** In the metrics once everything was read. */
  readonly isFound: (metrics: string) => boolean;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function numbered(length: number, content: (index: number) => string): Files {
  return Array.from({ length }, (_, index) => [`key-${index}`, content(index)]);
}

function tokenWith(index: number, ...audiences: readonly string[]): string {
  return jwt(rawClaims({ jti: `token-${index}`, aud: audiences }));
}

const ATTACKS: readonly Attack[] = [
  {
    it: '128 tokens with 4 KiB of audiences, mounted 100 times in a pod',
    pods: 1,
    volumes: 100,
    files: () => numbered(128, (index) => tokenWith(index, 'a'.repeat(2_000), 'b'.repeat(2_000))),
    isFound: (metrics) => /^satoken_unreadable\{.*pod_uid="evil-0".*reason="limit"\} 1$/m.test(metrics),
  },
  {
    it: '64 tokens in each of 110 pods',
    pods: 110,
    volumes: 1,
    files: () => numbered(64, (index) => tokenWith(index, 'a'.repeat(500))),
    isFound: (metrics) => count(metrics, /^satoken_unreadable\{.*reason="limit"\} 1$/gm) === 110,
  },
  {
    it: '16,385 keys that are no tokens, mounted three times in a pod',
    pods: 1,
    // A file of ext4 has at most 65,000 links.
    volumes: 3,
    files: () => numbered(16_385, () => 'not a token'),
    isFound: (metrics) => count(metrics, /^satoken_unreadable\{.*reason="too_many_files"\} 1$/gm) === 3,
  },
];

describe('the owner of a pod who mounts', () => {
  let rootDir = '';
  let program: Program;

  /** Writes the contents once, for hard links. Returns their paths. */
  const store = (files: Files): readonly (readonly [string, string])[] => {
    const paths = new Map<string, string>();
    return files.map(([name, content]) => {
      const path = paths.get(content) ?? join(rootDir, 'contents', `${paths.size}`);
      if (!paths.has(content)) writeFileSync(path, content);
      paths.set(content, path);
      return [name, path] as const;
    });
  };
  const fill = (volume: string, files: readonly (readonly [string, string])[]): void => {
    mkdirSync(join(volume, GENERATION), { recursive: true });
    for (const [name, content] of files) linkSync(content, join(volume, GENERATION, name));
    symlinkSync(GENERATION, join(volume, '..data'));
  };
  /** The pod appears at once, with all of its volumes. */
  const addPod = (uid: string, plugin: string, volumes: number, files: ReturnType<typeof store>): void => {
    const made = join(rootDir, 'made');
    for (let index = 0; index < volumes; index += 1)
      fill(join(made, 'volumes', `kubernetes.io~${plugin}`, `volume-${index}`), files);
    renameSync(made, join(rootDir, 'pods', uid));
  };
  const residentKb = (): number => {
    const [, kilobytes] =
      /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${program.process.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes);
  };
  const text = async (path: string): Promise<string> => {
    const response = await fetch(program.url + path);
    assert.equal(response.status, 200);
    return response.text();
  };

  // The sources need memory to be compiled, which users do not pay for.
  before(() => void execFileSync('npm', ['run', '--silent', 'build']));
  beforeEach(async () => {
    rootDir = mkdtempSync(join(tmpdir(), 'satoken-files-'));
    mkdirSync(join(rootDir, 'pods'));
    mkdirSync(join(rootDir, 'contents'));
    const token = store([['token', jwt()]]);
    for (let index = 0; index < VICTIMS; index += 1) addPod(`victim-${index}`, 'projected', 1, token);
    program = await startBuiltProgram('serve', `--kubelet.root-dir=${rootDir}`, '--cluster.mode=off');
  });
  afterEach(async () => {
    await program.stop();
    rmSync(rootDir, { recursive: true });
  });

  for (const { it: title, pods, volumes, files, isFound } of ATTACKS) {
    it(`${title} takes no tokens, memory or responses from others`, async () => {
      const stored = store(files());
      for (let index = 0; index < pods; index += 1) addPod(`evil-${index}`, 'secret', volumes, stored);
      let metrics = '';
      while (!isFound(metrics)) {
        await text('/healthz');
        metrics = await text('/metrics');
        assert.equal(count(metrics, /^satoken_info\{.*pod_uid="victim-/gm), VICTIMS);
      }
      await text('/');
      await text('/tokens');
      assert.ok(residentKb() < MAX_RESIDENT_KB, `${residentKb()} kB`);
    });
  }
});

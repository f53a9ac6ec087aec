/**
 * A node whose pods mount files, and the owners of pods who fill Secrets.
 */
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwt, rawClaims } from '../../support/tokens.ts';

const GENERATION = '..2026_11_29_00_00_00.1';
/** Pods with one token each. */
export const VICTIMS = 20;

type Files = readonly (readonly [name: string, content: string])[];

export interface FileAttack {
  readonly it: string;
  readonly pods: number;
  /** Secrets in each pod, all with the same files. */
  readonly volumes: number;
  readonly files: () => Files;
  /** In the metrics once everything was read. */
  readonly isFound: (metrics: string) => boolean;
}

export function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function numbered(length: number, content: (index: number) => string): Files {
  return Array.from({ length }, (_, index) => [`key-${index}`, content(index)]);
}

function tokenWith(index: number, ...audiences: readonly string[]): string {
  return jwt(rawClaims({ jti: `token-${index}`, aud: audiences }));
}

export const FILE_ATTACKS: readonly FileAttack[] = [
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

export interface AttackedNode {
  readonly rootDir: string;
  /** Adds the pods of an attack. */
  readonly add: (attack: FileAttack) => void;
  readonly remove: () => void;
}

/** A node with the pods of others. */
export function createAttackedNode(): AttackedNode {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-files-'));
  const paths = new Map<string, string>();
  /** Writes the contents once, for hard links. Returns their paths. */
  const store = (files: Files): Files =>
    files.map(([name, content]) => {
      const path = paths.get(content) ?? join(rootDir, 'contents', `${paths.size}`);
      if (!paths.has(content)) writeFileSync(path, content);
      paths.set(content, path);
      return [name, path];
    });
  const fill = (volume: string, files: Files): void => {
    mkdirSync(join(volume, GENERATION), { recursive: true });
    for (const [name, content] of files) linkSync(content, join(volume, GENERATION, name));
    symlinkSync(GENERATION, join(volume, '..data'));
  };
  /** The pod appears at once, with all of its volumes. */
  const addPod = (uid: string, plugin: string, volumes: number, files: Files): void => {
    const made = join(rootDir, 'made');
    for (let index = 0; index < volumes; index += 1)
      fill(join(made, 'volumes', `kubernetes.io~${plugin}`, `volume-${index}`), files);
    renameSync(made, join(rootDir, 'pods', uid));
  };
  const add: AttackedNode['add'] = ({ files, pods, volumes }) => {
    const stored = store(files());
    for (let index = 0; index < pods; index += 1) addPod(`evil-${index}`, 'secret', volumes, stored);
  };
  mkdirSync(join(rootDir, 'pods'));
  mkdirSync(join(rootDir, 'contents'));
  const token = store([['token', jwt()]]);
  for (let index = 0; index < VICTIMS; index += 1) addPod(`victim-${index}`, 'projected', 1, token);
  return { rootDir, add, remove: () => rmSync(rootDir, { recursive: true }) };
}

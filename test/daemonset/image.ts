/**
 * Builds the image without a container engine: executes the instructions of the Dockerfile in folders.
 *
 * Supports only the instructions that the Dockerfile uses. Stages start empty, without their base image.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

export const ROOT = new URL('../../', import.meta.url).pathname;

export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Returns one instruction per line. Joins continued lines and skips comments. */
export function instructionsOf(dockerfile: string): readonly Instruction[] {
  return dockerfile
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return { name, rest: rest.join(' ') };
    });
}

export const INSTRUCTIONS = instructionsOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));

interface Stage {
  readonly folder: string;
  workdir: string;
}

interface Build {
  readonly context: string;
  readonly args: Readonly<Record<string, string>>;
  /** Contains one folder per stage. */
  readonly folder: string;
  readonly stages: Map<string, Stage>;
  stage: Stage;
}

export interface Image {
  /** The root folder of the last stage. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  readonly ports: readonly number[];
  readonly remove: () => void;
}

/** `COPY [--from=stage] source... target` with the rules of Docker: the contents of a folder, a file with its name. */
function copy({ stage, stages, context }: Build, rest: string): void {
  const [, from] = /^--from=(\S+) /.exec(rest) ?? [];
  const sources = rest.split(' ').filter((word) => !word.startsWith('--'));
  const target = resolve('/', stage.workdir, sources.pop() ?? '');
  const origin = from === undefined ? context : (stages.get(from)?.folder ?? '');
  for (const source of sources) {
    const name = source.endsWith('/') ? '' : basename(source);
    cpSync(join(origin, source), join(stage.folder, target, name), { recursive: true });
  }
}

function run({ stage, args }: Build, rest: string): void {
  execFileSync('sh', ['-euc', rest], {
    cwd: join(stage.folder, stage.workdir),
    // No coverage data from npm, and downloads from its cache.
    env: { ...process.env, NODE_V8_COVERAGE: '', npm_config_prefer_offline: 'true', ...args },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function from(build: Build, rest: string): void {
  const alias = / AS (\S+)$/.exec(rest)?.[1] ?? 'last';
  build.stage = { folder: join(build.folder, alias), workdir: '/' };
  mkdirSync(build.stage.folder);
  build.stages.set(alias, build.stage);
}

function workdir({ stage }: Build, rest: string): void {
  stage.workdir = rest;
  mkdirSync(join(stage.folder, rest), { recursive: true });
}

/** Effects of instructions on files. Instructions about running the image have none. */
const STEPS: Readonly<Record<string, (build: Build, rest: string) => void>> = {
  FROM: from,
  WORKDIR: workdir,
  COPY: copy,
  RUN: run,
  ...Object.fromEntries(
    ['ARG', 'LABEL', 'ENV', 'USER', 'EXPOSE', 'ENTRYPOINT', 'CMD'].map((name) => [name, () => undefined]),
  ),
};

function list(instruction: string): readonly string[] {
  const found = INSTRUCTIONS.findLast(({ name }) => name === instruction);
  return found === undefined ? [] : (JSON.parse(found.rest) as string[]);
}

function rests(instruction: string): readonly string[] {
  return INSTRUCTIONS.filter(({ name }) => name === instruction).map(({ rest }) => rest);
}

function buildImage(context: string, args: Readonly<Record<string, string>>): Image {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-image-'));
  const build: Build = { context, args, folder, stages: new Map(), stage: { folder, workdir: '/' } };
  for (const { name, rest } of INSTRUCTIONS) {
    const step = STEPS[name];
    if (step === undefined) throw new Error(`unknown instruction ${name}`);
    step(build, rest);
  }
  return {
    folder: build.stage.folder,
    environment: Object.fromEntries(rests('ENV').map((rest) => rest.split('=') as [string, string])),
    entrypoint: list('ENTRYPOINT'),
    command: list('CMD'),
    user: rests('USER').at(-1) ?? '',
    ports: rests('EXPOSE').map(Number),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Extracts the files of HEAD that .dockerignore does not exclude. */
function extractContext(folder: string): void {
  const kept = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const archive = execFileSync('git', ['archive', 'HEAD', ...kept], { cwd: ROOT, maxBuffer: 1 << 28 });
  execFileSync('tar', ['x', '-C', folder], { input: archive });
}

export const REVISION = 'abc1234';
let built: Image | undefined;

/** Returns the image of HEAD. It is built on the first call and removed at exit. */
export function imageOfHead(): Image {
  if (built !== undefined) return built;
  const context = mkdtempSync(join(tmpdir(), 'satoken-context-'));
  extractContext(context);
  const image = buildImage(context, { REVISION });
  rmSync(context, { recursive: true });
  process.once('exit', image.remove);
  built = image;
  return image;
}

#!/usr/bin/env node
/**
 * The program: the one file that reads the process, its clock, arguments, environment and signals.
 *
 * Dispatches. What a command needs is loaded when it is called.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { explain } from './cli/explain.ts';
import { EXIT, type Exit, scanExit, scanTable } from './cli/scan.ts';
import { helpText } from './config/help.ts';
import { type CommandLine, loadConfig } from './config/load.ts';
import type { Config } from './config/options.ts';
import { createTakeSnapshot, type TakeSnapshot } from './core/snapshot.ts';
import type { Need } from './runtime/needs.ts';
import { isLean, leaner } from './runtime/node-flags.ts';
import { flagsGiven, lockingFlags } from './runtime/permission-flags.ts';
import {
  exposures,
  isLockedDown,
  type Launch,
  missing,
  type Permission,
} from './runtime/permission-model.ts';
import { isWritable, superfluousCapabilities } from './runtime/privileges.ts';
import { gatherNeeds } from './runtime/required-paths.ts';
import { createLog, errorFields, type Log } from './util/log.ts';
import { REVISION, VERSION } from './version.ts';
import { tokenReport } from './web/page/json-report.ts';

const DEMO_WRITES = 'demo writes files, and Node was started without leave to: run node main.js demo';

const clock = {
  now: () => Date.now() / 1_000,
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

/** What this start of Node allows; undefined, whatever its types say, where that is everything. */
const permission = process.permission as Permission | undefined;
/** Of the project from its sources, which need its packages; else of the bundle. */
const PROGRAM = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '..' : '.');

function launch(): Launch {
  return { execArgv: process.execArgv, nodeOptions: process.env['NODE_OPTIONS'], permission };
}

/** Links are followed where there are any to see; what is not there has none. */
function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

function needs(config: Config): Promise<readonly Need[]> {
  return gatherNeeds({ config, environment: process.env, program: PROGRAM, realPath });
}

function complain(problems: readonly string[]): Exit {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return EXIT.usage;
}

/** Starts anew in place, lean and locked down; where the lockdown is refused, lean alone, and that once. */
async function replace(config: Config): Promise<void> {
  const isKnown = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);
  const isRefused = flagsGiven(process.execArgv).includes('--no-permission');
  if (isRefused && isLean(process.execArgv)) return;
  const lean = leaner(process, isRefused ? [] : lockingFlags(await needs(config), isKnown));
  process.execve?.(process.execPath, lean.argv, lean.env);
}

/** What every command that looks at a node is given. */
function common(config: Config, takeSnapshot: TakeSnapshot) {
  const node = config.nodeName || hostname();
  const mayStartPrograms = permission?.has('child') ?? true;
  return {
    config,
    environment: process.env,
    node,
    mayStartPrograms,
    takeSnapshot,
    clock,
    random: Math.random,
  };
}

function serveOptions(config: Config, takeSnapshot: TakeSnapshot) {
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    write: (line) => process.stderr.write(line),
    timestamp: () => new Date().toISOString(),
  });
  const build = { version: VERSION, revision: REVISION, nodeVersion: process.version };
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return { ...common(config, takeSnapshot), build, log, signal: stop.signal, stop: () => stop.abort() };
}

/** What the kernel has about the process; empty where there is no such file. */
function aboutProcess(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Says what the process may do, and warns where that is more than it needs. */
function tellPrivileges({ rootDir }: Config, log: Log): void {
  log.info('starting', { version: VERSION, locked_down: isLockedDown(launch()) });
  const capabilities = superfluousCapabilities(aboutProcess('status')).join(',');
  if (capabilities !== '') log.warn('more capabilities than needed', { capabilities });
  if (isWritable(aboutProcess('mountinfo'), realPath(`${rootDir}/pods`)))
    log.warn('the folder of pods is not mounted read-only');
}

async function runServe(config: Config, takeSnapshot: TakeSnapshot): Promise<Exit> {
  const { serve } = await import('./app/serve.ts');
  const options = serveOptions(config, takeSnapshot);
  tellPrivileges(config, options.log);
  const problems = await serve(options);
  return problems.length === 0 ? EXIT.ok : complain(problems);
}

async function runDemo(config: Config, takeSnapshot: TakeSnapshot): Promise<Exit> {
  const [{ runDemo: demo }, { serve }] = await Promise.all([
    import('./cli/demo.ts'),
    import('./app/serve.ts'),
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'satoken-demo-'));
  const options = serveOptions(config, takeSnapshot);
  const problems: string[] = [];
  await demo({
    folder,
    now: clock.now,
    sleep: clock.sleep,
    signal: options.signal,
    write: (text) => process.stdout.write(text),
    serve: async (simulated, onListening) => {
      const found = await serve({
        ...options,
        config: { ...config, ...simulated },
        node: simulated.nodeName,
        onListening: ({ url }) => onListening(`${url}${config.telemetryPath}`),
      });
      problems.push(...found);
      options.stop();
    },
  });
  await rm(folder, { recursive: true });
  return problems.length === 0 ? EXIT.ok : complain(problems);
}

async function runOnce(
  { command, operands, config }: CommandLine,
  takeSnapshot: TakeSnapshot,
): Promise<Exit> {
  const { scanOnce } = await import('./app/scan-once.ts');
  const scanned = await scanOnce({ ...common(config, takeSnapshot), version: VERSION });
  if (!scanned.ok) return complain(scanned.error);
  const { snapshot, warnings } = scanned.value;
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  if (command === 'explain') {
    const { text, exit } = explain(operands[0] ?? '', snapshot, config.runbooks);
    process.stdout.write(text);
    return exit;
  }
  process.stdout.write(
    config.output === 'json' ? tokenReport(snapshot, config.runbooks) : scanTable(snapshot),
  );
  return scanExit(snapshot);
}

/** Reads what the user expects of audiences; the problems where there is a mistake in it. */
async function readRules({ audienceRules }: Config) {
  if (audienceRules === '') return { ok: true, value: [] } as const;
  const { readAudienceRules } = await import('./config/audience-rules.ts');
  return readAudienceRules(audienceRules);
}

async function run(commandLine: CommandLine): Promise<Exit> {
  const { command, config } = commandLine;
  const read = await readRules(config);
  if (!read.ok) return complain(read.error);
  const audience = { rules: read.value, useCatalogue: config.useCatalogue };
  const takeSnapshot = createTakeSnapshot({ rotationGrace: config.rotationGrace, audience });
  if (command === 'serve') return runServe(config, takeSnapshot);
  if (command === 'demo') return runDemo(config, takeSnapshot);
  return runOnce(commandLine, takeSnapshot);
}

/**
 * Replaces the process by one that can do nothing but `serve`. Answers why the command cannot be run as it was started.
 */
async function lockDown({ command, config }: CommandLine): Promise<readonly string[]> {
  if (command === 'demo') return permission === undefined ? [] : [DEMO_WRITES];
  if (command === 'serve') {
    const problems = exposures(launch());
    if (problems.length > 0) return problems;
    if (permission === undefined) await replace(config);
  }
  return permission === undefined ? [] : missing(await needs(config), permission);
}

async function main(): Promise<Exit> {
  const loaded = loadConfig(process.argv.slice(2), process.env);
  if (!loaded.ok)
    return complain([...loaded.problems, 'sa-token-exporter --help lists commands and options']);
  const { isHelp, isVersion } = loaded.commandLine;
  if (isHelp || isVersion) {
    const version = `sa-token-exporter ${VERSION} (${REVISION}, Node ${process.version})\n`;
    process.stdout.write(isHelp ? helpText() : version);
    return EXIT.ok;
  }
  const problems = await lockDown(loaded.commandLine);
  return problems.length > 0 ? complain(problems) : run(loaded.commandLine);
}

/** A port that is taken is the user's to mend; anything else that arrives here is a bug, told by name and place. */
function fatal(error: unknown): Exit {
  const isSystem = error instanceof Error && 'syscall' in error && 'code' in error;
  const what = isSystem ? { call: String(error.syscall), code: String(error.code) } : errorFields(error);
  process.stderr.write(`cannot go on: ${Object.values(what).join(' ')}\n`);
  return EXIT.usage;
}

process.exitCode = await main().catch(fatal);

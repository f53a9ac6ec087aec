#!/usr/bin/env node
/**
 * The program: the one file that reads the process, its clock, arguments, environment and signals.
 *
 * Wires and dispatches. Knows nothing of tokens.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { explain } from './cli/explain.ts';
import { EXIT, type Exit, scanExit, scanJson, scanTable } from './cli/scan.ts';
import { helpText } from './config/help.ts';
import { type CommandLine, loadConfig } from './config/load.ts';
import type { Config } from './config/options.ts';
import { createTakeSnapshot, type Snapshot, type TakeSnapshot } from './core/snapshot.ts';
import { createLog } from './log.ts';
import { serve } from './serve.ts';
import { readAudienceRules } from './sources/audience-rules.ts';
import { createTokenFiles } from './sources/token-files.ts';
import { REVISION, VERSION } from './version.ts';

const clock = {
  now: () => Date.now() / 1_000,
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

function complain(problems: readonly string[]): Exit {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return EXIT.usage;
}

async function scanOnce({ rootDir, at }: Config, takeSnapshot: TakeSnapshot): Promise<Snapshot> {
  const nothing = () => undefined;
  const source = createTokenFiles({
    rootDir,
    isWatching: false,
    now: clock.now,
    onNudge: nothing,
    onRotation: nothing,
    onReadFailure: nothing,
    onWatchFailure: nothing,
  });
  await source.scan();
  return takeSnapshot(source.observe(), at ?? clock.now());
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
  return {
    config,
    node: config.nodeName || hostname(),
    build,
    takeSnapshot,
    clock,
    log,
    signal: stop.signal,
  };
}

async function runServe(config: Config, takeSnapshot: TakeSnapshot): Promise<Exit> {
  await serve(serveOptions(config, takeSnapshot));
  return EXIT.ok;
}

/** Loaded only when asked for: nobody's node needs the simulator. */
async function runDemo(config: Config, takeSnapshot: TakeSnapshot): Promise<Exit> {
  const { runDemo: demo } = await import('./cli/demo.ts');
  const rootDir = await mkdtemp(join(tmpdir(), 'satoken-demo-'));
  const options = serveOptions({ ...config, rootDir }, takeSnapshot);
  await demo({
    rootDir,
    now: clock.now,
    sleep: clock.sleep,
    signal: options.signal,
    write: (text) => process.stdout.write(text),
    serve: (onListening) =>
      serve({
        ...options,
        onListening: ({ port }) => onListening(`http://localhost:${port}${config.telemetryPath}`),
      }),
  });
  await rm(rootDir, { recursive: true });
  return EXIT.ok;
}

async function runOnce(
  { command, operands, config }: CommandLine,
  takeSnapshot: TakeSnapshot,
): Promise<Exit> {
  const snapshot = await scanOnce(config, takeSnapshot);
  if (command === 'explain') {
    const { text, exit } = explain(operands[0] ?? '', snapshot);
    process.stdout.write(text);
    return exit;
  }
  process.stdout.write(config.output === 'json' ? scanJson(snapshot) : scanTable(snapshot));
  return scanExit(snapshot);
}

async function run(commandLine: CommandLine): Promise<Exit> {
  const { command, config } = commandLine;
  const rules = config.audienceRules === '' ? undefined : await readAudienceRules(config.audienceRules);
  if (rules?.ok === false) return complain(rules.problems);
  const audience = { rules: rules?.rules ?? [], useCatalogue: config.useCatalogue };
  const takeSnapshot = createTakeSnapshot({ rotationGrace: config.rotationGrace, audience });
  if (command === 'serve') return runServe(config, takeSnapshot);
  if (command === 'demo') return runDemo(config, takeSnapshot);
  return runOnce(commandLine, takeSnapshot);
}

async function main(): Promise<Exit> {
  const loaded = loadConfig(process.argv.slice(2), process.env);
  if (!loaded.ok)
    return complain([...loaded.problems, 'sa-token-exporter --help lists commands and options']);
  const { isHelp, isVersion } = loaded.commandLine;
  if (isHelp || isVersion) {
    process.stdout.write(
      isHelp ? helpText() : `sa-token-exporter ${VERSION} (${REVISION}, Node ${process.version})\n`,
    );
    return EXIT.ok;
  }
  return run(loaded.commandLine);
}

/** A port that is taken is the user's to mend; anything else that arrives here is a bug, told by name and place. */
function fatal(error: unknown): Exit {
  const isSystem = error instanceof Error && 'syscall' in error && 'code' in error;
  process.stderr.write(
    `cannot go on: ${isSystem ? `${String(error.syscall)} ${String(error.code)}` : String((error as Error)?.stack?.split('\n')[1])}\n`,
  );
  return EXIT.usage;
}

process.exitCode = await main().catch(fatal);

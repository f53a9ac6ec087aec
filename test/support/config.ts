/**
 * The configuration that the program makes of its arguments.
 */
import assert from 'node:assert/strict';
import { type CommandLine, loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/options.ts';

type Environment = Parameters<typeof loadConfig>[1];

/** Fails if the arguments or the environment have a problem. */
export function commandLineOf(args: readonly string[], environment: Environment = {}): CommandLine {
  const loaded = loadConfig(args, environment);
  assert.deepEqual(loaded.ok ? [] : loaded.error, []);
  assert.ok(loaded.ok && loaded.value.kind === 'command');
  return loaded.value;
}

export function configOf(args: readonly string[], environment: Environment = {}): Config {
  return commandLineOf(args, environment).config;
}

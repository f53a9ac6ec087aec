/**
 * The layers of `src/`, from the bottom up, and what each may import: the one table that the lint rules come from.
 *
 * `npm run generate` writes `lint/layers.json`, which `biome.json` extends; `test/layers.test.ts` plants violations.
 */

interface Layer {
  /** A folder of `src/`, or a file. */
  readonly name: string;
  /** Position in the stack. Layers at the same position do not import each other. */
  readonly level: number;
  /** Node's modules: none; without the process and clocks; the same with `setImmediate`; without the process. */
  readonly builtins: 'none' | 'no-clock' | 'turns' | 'no-process';
  /** Global variables that only this layer may use. */
  readonly globals: readonly string[];
}

export const LAYERS: readonly Layer[] = [
  { name: 'util', level: 0, builtins: 'none', globals: [] },
  { name: 'core', level: 1, builtins: 'none', globals: [] },
  { name: 'sources', level: 2, builtins: 'turns', globals: ['performance', 'fetch', 'globalThis'] },
  { name: 'config', level: 3, builtins: 'no-clock', globals: ['Date', 'fetch', 'globalThis'] },
  { name: 'metrics', level: 3, builtins: 'no-clock', globals: ['fetch', 'globalThis'] },
  { name: 'web', level: 4, builtins: 'no-clock', globals: ['fetch', 'globalThis'] },
  { name: 'app', level: 5, builtins: 'no-clock', globals: ['fetch', 'globalThis'] },
  {
    name: 'runtime',
    level: 5,
    builtins: 'no-process',
    globals: ['Date', 'performance', 'fetch', 'globalThis'],
  },
  { name: 'cli', level: 6, builtins: 'no-clock', globals: ['fetch', 'globalThis'] },
];

/** Packages, and foreign functions, with the only files of `src/` that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['src/sources/api-server/client/kubeconfig.ts'],
  express: ['src/web/express.ts'],
  'hash-wasm': ['src/web/auth/password.ts'],
  jose: [],
  'jwt-decode': ['src/core/token/decode.ts'],
  'node:ffi': ['src/sources/reads/thread/libc.ts'],
  yaml: [
    'src/config/yaml-errors.ts',
    'src/config/yaml-file.ts',
    'src/config/yaml-schema.ts',
    'src/sources/api-server/client/kubeconfig-files.ts',
    'src/sources/api-server/client/kubeconfig.ts',
  ],
  'prom-client': ['src/metrics/exporter-metrics.ts', 'src/metrics/prom-client-metrics.d.ts'],
};

const CLOCKS = ['node:process', 'node:timers', 'node:timers/**', 'node:perf_hooks'];
const BUILTINS: Readonly<Record<Layer['builtins'], readonly string[]>> = {
  none: ['node:*', 'node:*/**'],
  'no-clock': CLOCKS,
  turns: CLOCKS.filter((name) => name !== 'node:timers/**'),
  'no-process': ['node:process'],
};

const GLOBALS: Readonly<Record<string, string>> = {
  process: 'Only main reads the process, and passes it to runtime.',
  Date: 'Take the time as an argument.',
  performance: 'Take the time as an argument.',
  setTimeout: 'Take a clock as an argument.',
  setInterval: 'Take a clock as an argument.',
  fetch: 'This layer does no I/O.',
  globalThis: 'This layer does no I/O.',
};

function withSubpaths(name: string): readonly string[] {
  return [name, `${name}/**`];
}

function rules(files: readonly string[], denied: readonly string[], message: string, layer?: Layer) {
  const globals = Object.entries(GLOBALS).filter(([name]) => layer?.globals.includes(name) === false);
  const turns = {
    'node:timers/promises': { allowImportNames: ['setImmediate'], message: 'Take a clock as an argument.' },
  };
  const options = {
    ...(layer?.builtins === 'turns' && { paths: turns }),
    patterns: [{ group: denied, message }],
  };
  const style = {
    noRestrictedImports: { level: 'error', options },
    ...(layer !== undefined && {
      noRestrictedGlobals: { level: 'error', options: { deniedGlobals: Object.fromEntries(globals) } },
    }),
  };
  return { includes: files, linter: { rules: { style } } };
}

function deniedLayers({ name, level }: Layer): readonly string[] {
  const denied = LAYERS.filter((other) => other.name !== name && other.level >= level);
  return [...denied.map((other) => `**/${other.name}/**`), '**/simulator/**', '**/main.ts'];
}

function deniedPackages(files: string): readonly string[] {
  return Object.entries(PACKAGES)
    .filter(([, owners]) => !owners.includes(files))
    .flatMap(([name]) => withSubpaths(name));
}

/** The rules of a layer, and again those of its files that own a package: in Biome the last match holds. */
function layerRules(layer: Layer) {
  const folder = `src/${layer.name}/**`;
  const owners = new Set(
    Object.values(PACKAGES)
      .flat()
      .filter((files) => files.startsWith(`src/${layer.name}/`)),
  );
  const message = `${layer.name} imports what lies below it in lint/layers.ts, and packages that belong to it.`;
  return [folder, ...[...owners].filter((files) => files !== folder)].map((files) => {
    const denied = [...BUILTINS[layer.builtins], ...deniedLayers(layer), ...deniedPackages(files)];
    return rules([files], denied, message, layer);
  });
}

const CLI = LAYERS.find(({ name }) => name === 'cli');
const DEMO =
  CLI &&
  rules(
    ['src/cli/demo.ts'],
    [...BUILTINS['no-clock'], '**/main.ts', ...deniedPackages('src/cli/**')],
    'Only the demo imports the simulator; main passes the process and its clock.',
    CLI,
  );

/** The simulator shares no code with what it is used to test. */
const SIMULATOR = rules(
  ['simulator/**'],
  [
    '**/src/**',
    ...Object.keys(PACKAGES)
      .filter((name) => name !== 'jose' && name !== 'yaml')
      .flatMap(withSubpaths),
  ],
  'The simulator shares no code with what it is used to test.',
);

export const BIOME_LAYERS = {
  overrides: [...LAYERS.flatMap(layerRules), DEMO, SIMULATOR],
};

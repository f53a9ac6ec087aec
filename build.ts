/**
 * `node build.ts [folder]`: builds the bundled program, which needs no node_modules, and the licenses of the bundled
 * packages. The folder is `dist/` by default.
 *
 * Dynamic imports become files of their own, loaded only if they are used.
 */
import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build, type Plugin } from 'esbuild';

function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

/** The folders of the packages that the bundled files are from. */
function packagesOf(files: readonly string[]): readonly string[] {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(folders)].filter((folder) => folder !== undefined).sort();
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

async function licenseOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8')) as Manifest;
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : await readFile(`${folder}/${file}`, 'utf8');
  return `${name} ${version} (${license ?? 'license below'})\n\n${text.trim()}\n`;
}

/**
 * Modules that packages import and the program does not use.
 *
 * Only the configuration of the Kubernetes client is used, not its requests: 1.4 MB in the bundle and 12 MB in memory on
 * every node. No route of express takes a request body, so its body parser is left out: 0.6 MB and 2 MB.
 */
const UNUSED = [
  {
    importer: '/@kubernetes/client-node/dist/',
    filter: /^(?:undici|\.\/gen\/index\.js|\.\/middleware\.js)$/,
  },
  { importer: '/express/lib/', filter: /^body-parser$/ },
];

/** Replaces each of them by an empty module. */
const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup: (bundler) => {
    for (const { filter, importer: folder } of UNUSED)
      bundler.onResolve({ filter }, ({ path, importer }) =>
        importer.includes(folder) ? { path, namespace: 'unused' } : undefined,
      );
    bundler.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: 'module.exports = {};',
      loader: 'js',
    }));
  },
};

const { version } = JSON.parse(await readFile('package.json', 'utf8')) as Manifest;
const folder = process.argv[2] ?? 'dist';
await rm(folder, { recursive: true, force: true });
const options = {
  outdir: folder,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
} as const;
// One file, so that the thread loads no more than it needs.
await build({ ...options, entryPoints: ['src/reads-worker.ts'] });
const { metafile } = await build({
  ...options,
  entryPoints: ['src/main.ts'],
  splitting: true,
  metafile: true,
  plugins: [leaveOutUnused],
  // The CommonJS build of yaml, which Node would choose, loses its named exports in a dynamic import.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
  define: {
    __VERSION__: JSON.stringify(version),
    __REVISION__: JSON.stringify(process.env['REVISION'] ?? revision()),
    'process.env.NODE_ENV': '"production"',
  },
  // Bundled CommonJS packages load built-in modules with require.
  banner: {
    js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);",
  },
});
const licenses = await Promise.all(packagesOf(Object.keys(metafile.inputs)).map(licenseOf));
await writeFile(`${folder}/LICENSES.txt`, licenses.join(`\n${'-'.repeat(80)}\n\n`));
await chmod(`${folder}/main.js`, 0o755);

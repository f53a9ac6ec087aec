/**
 * Builds `dist/`: the program bundled, so that it needs no node_modules, and the licences of what went into it.
 *
 * What is imported late stays in files of its own, loaded only where it is used.
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

/** Folders of the packages that the bundled files came from. */
function packagesOf(files: readonly string[]): readonly string[] {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(folders)].filter((folder) => folder !== undefined).sort();
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8')) as Manifest;
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : await readFile(`${folder}/${file}`, 'utf8');
  return `${name} ${version} (${license ?? 'licence below'})\n\n${text.trim()}\n`;
}

/**
 * What packages import and we have no use for.
 *
 * Of the Kubernetes client we use the configuration alone, not its requests: 1.4 MB in the bundle and 12 MB in memory
 * on every node. Nobody may post anything to our express, so it needs no parser of bodies: 0.6 MB and 2 MB.
 */
const UNUSED = [
  {
    importer: '/@kubernetes/client-node/dist/',
    filter: /^(?:undici|\.\/gen\/index\.js|\.\/middleware\.js)$/,
  },
  { importer: '/express/lib/', filter: /^body-parser$/ },
];

/** Puts an empty module in the place of each. */
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
await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  plugins: [leaveOutUnused],
  // Its CommonJS, which Node itself takes, would come without its names where it is imported late.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
  define: {
    __VERSION__: JSON.stringify(version),
    __REVISION__: JSON.stringify(process.env['REVISION'] ?? revision()),
    'process.env.NODE_ENV': '"production"',
  },
  // Bundled CommonJS packages ask for built-in modules by require.
  banner: {
    js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);",
  },
});
const licences = await Promise.all(packagesOf(Object.keys(metafile.inputs)).map(licenceOf));
await writeFile('dist/LICENSES.txt', licences.join(`\n${'-'.repeat(80)}\n\n`));
await chmod('dist/main.js', 0o755);

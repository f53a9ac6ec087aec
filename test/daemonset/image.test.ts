/**
 * The image: the Dockerfile builds from the files in git, and the result starts and serves.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { OPTIONS } from '../../src/config/options.ts';
import { MEMORY_ENVIRONMENT, MEMORY_FLAGS } from '../../src/runtime/node-flags.ts';
import { permissionFlags, READS_FLAGS } from '../../src/runtime/permission-model.ts';
import { requiredPathsOf } from '../../src/runtime/required-paths.ts';
import { configOf } from '../support/config.ts';
import { startNode } from '../support/program.ts';
import { type Image, INSTRUCTIONS, imageOfHead, instructionsOf, REVISION, ROOT } from './image.ts';
import type { PodSpec } from './manifests.ts';

describe('instructionsOf', () => {
  it('returns one instruction per line, without comments and with continued lines joined', () => {
    assert.deepEqual(instructionsOf('# a\nFROM x AS y\n\nLABEL a="1" \\\n      b="2"\n'), [
      { name: 'FROM', rest: 'x AS y' },
      { name: 'LABEL', rest: 'a="1" b="2"' },
    ]);
  });
});

describe('the image', () => {
  let image: Image;

  before(() => {
    image = imageOfHead();
  });

  it('contains only the program, its license and the licenses of its packages', () => {
    const dist = readdirSync(join(image.folder, 'app'));
    assert.deepEqual(readdirSync(image.folder), ['app', 'usr']);
    assert.deepEqual(readdirSync(join(image.folder, 'usr/local/bin')), ['sa-token-exporter']);
    assert.ok(dist.includes('main.js') && dist.includes('LICENSE') && dist.includes('LICENSES.txt'));
    assert.deepEqual(
      dist.filter((name) => !/^(.+\.js|LICENSE|LICENSES\.txt)$/.test(name)),
      [],
    );
  });

  /** As the program would re-execute itself. */
  function flagsOf(program: string, more: readonly string[] = []): readonly string[] {
    const required = requiredPathsOf({
      program: dirname(program),
      config: configOf([]),
      kubeconfig: [],
      webFiles: [],
      realPath: (path) => path.replace('/var/run', '/run'),
    });
    const settings = { requiredBy: 'settings', path: '/etc/sa-token-exporter', isFolder: true };
    return [...MEMORY_FLAGS, ...permissionFlags([...required, settings], () => true, more)];
  }

  it('starts Node.js with the flags that the program would re-execute itself with', () => {
    const [node, ...rest] = image.entrypoint;
    const program = rest.at(-1) ?? '';
    assert.equal(node, '/nodejs/bin/node');
    assert.equal(program, '/app/main.js');
    assert.deepEqual(rest.slice(0, -1), flagsOf(program));
    assert.deepEqual(image.environment, MEMORY_ENVIRONMENT);
  });

  it('is started with more permissions by the component that watches reads, and the same otherwise', () => {
    const [node = '', program = ''] = [image.entrypoint[0], image.entrypoint.at(-1)];
    const file = join(ROOT, 'daemonset/components/reads/kustomization.yaml');
    const { patches } = parse(readFileSync(file, 'utf8')) as {
      readonly patches: readonly { patch: string }[];
    };
    const patch = parse(patches[0]?.patch ?? '') as {
      readonly spec: { readonly template: { spec: PodSpec } };
    };
    const [{ command, env }] = patch.spec.template.spec.containers;
    assert.deepEqual(command, [node, ...flagsOf(program, READS_FLAGS), program]);
    assert.deepEqual(env, [{ name: 'SATOKEN_READS_WATCH', value: 'true' }]);
  });

  it('has the program on PATH, started by its own Node.js without a shell or env', () => {
    assert.equal(readlinkSync(join(image.folder, 'usr/local/bin/sa-token-exporter')), '/app/main.js');
    const [first] = readFileSync(join(image.folder, 'app/main.js'), 'utf8').split('\n', 1);
    assert.equal(first, `#!${image.entrypoint[0]}`);
    assert.equal(statSync(join(image.folder, 'app/main.js')).mode & 0o111, 0o111);
  });

  it('runs as UID 0 and exposes its port', () => {
    assert.equal(image.user, '0');
    assert.deepEqual(image.ports, [Number(OPTIONS.listenAddress.default.slice(1))]);
  });

  it('has base images with versions', () => {
    const bases = INSTRUCTIONS.filter(({ name, rest }) => name === 'ARG' && /^[A-Z]+=.+\//.test(rest));
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Readonly<Record<string, string>>;
    };
    const version = devDependencies['node'] ?? '';
    assert.deepEqual(
      bases.map(({ rest }) => rest),
      [
        `BUILDER=docker.io/library/node:${version}-trixie-slim`,
        `RUNTIME=gcr.io/distroless/nodejs${version.split('.')[0]}-debian13:latest`,
      ],
    );
  });

  const argumentsFor = (...args: readonly string[]): readonly string[] => {
    const [, ...flags] = image.entrypoint;
    return [...flags.map((flag) => flag.replace('/app/', `${image.folder}/app/`)), ...args];
  };
  const options = () => ({ cwd: image.folder, env: image.environment });

  for (const [command, expected] of [
    ['scan', /^could not read the kubelet's pods directory: |^no tokens on this node$/m],
    ['demo', /^demo: Node's permission model denies writing files; .+\n$/],
    ['scan --audience.expect=/etc/shadow', /^--audience\.expect: .+ denies reading \/etc\/shadow; .+\n$/],
  ] as const)
    it(`runs ${command} with its entrypoint`, () => {
      const args = argumentsFor(...command.split(' '));
      const { stdout, stderr } = spawnSync(process.execPath, args, { ...options(), encoding: 'utf8' });
      assert.match(stdout + stderr, expected);
    });

  it('serves metrics with its revision', async () => {
    const quiet = ['--cluster.mode=off', '--web.listen-address=127.0.0.1:0'];
    const server = await startNode(argumentsFor(...image.command, ...quiet), options());
    const response = await fetch(`${server.url}/metrics`);
    assert.match(
      await response.text(),
      new RegExp(`satoken_exporter_build_info{[^}]*revision="${REVISION}"`),
    );
    assert.equal(await server.stop(), 0);
  });
});

describe('the build context', () => {
  const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const copied = INSTRUCTIONS.filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from'))
    .flatMap(({ rest }) => rest.split(' ').slice(0, -1))
    .map((source) => source.replace(/\/$/, ''));

  it('is exactly what .dockerignore allows', () => assert.deepEqual([...allowed].sort(), copied.sort()));

  it('contains only tracked files', () => {
    assert.deepEqual(
      allowed.filter((name) => !tracked.some((file) => file === name || file.startsWith(`${name}/`))),
      [],
    );
  });
});

/**
 * Copies of tokens in containers that mount them with `subPath`.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { MAX_COPIES } from '../../../../src/sources/files/subpaths/bound-files.ts';
import type { TokenFiles } from '../../../../src/sources/files/token-files.ts';
import { jwt, POD_UID, rawClaims, rawLegacyClaims } from '../../../support/tokens.ts';
import { describeWith } from '../../../support/tools.ts';
import { createNode, type TestNode, type TestVolume } from '../support/test-node.ts';
import { openTokenFiles } from '../support/test-source.ts';

const CAPTURES = new URL('../../../fixtures/captures/kubelet-v1.36.3/', import.meta.url).pathname;
const POD_OF_CAPTURE = '72e4811b-c05c-460d-8e8d-42681efa4646';

let node: TestNode;
let volume: TestVolume;
let files: TokenFiles;

function useFreshState(): void {
  beforeEach(() => {
    node = createNode();
    volume = node.volume();
    files = openTokenFiles({ rootDir: node.rootDir });
  });
  afterEach(() => {
    files.close();
    node.remove();
  });
}

/** The directory in which the kubelet binds the files of a container. */
function boundIn(container: string, name = 'vault-token'): string {
  const directory = join(node.pods, POD_UID, 'volume-subpaths', name, container);
  mkdirSync(directory, { recursive: true });
  return directory;
}

function bind(content: string, container = 'main', index = '0', name?: string): string {
  const file = join(boundIn(container, name), index);
  writeFileSync(file, content);
  return file;
}

/** A token issued at this time. */
function issued(iat: number, overrides: Readonly<Record<string, unknown>> = {}): string {
  return jwt(rawClaims({ iat, nbf: iat, exp: iat + 3_600, jti: `token-${iat}`, ...overrides }));
}

async function copies() {
  await files.scan();
  const { tokens } = files.observe();
  return tokens.filter(({ copy }) => copy !== undefined);
}

function limitedPlaces() {
  return files.observe().unreadable.map(({ podUid, volume: name, reason }) => [podUid, name, reason]);
}

async function replacements() {
  return (await copies()).map(({ identity, copy }) => [identity.path, copy?.replacedAt]);
}

describe('copies of tokens', () => {
  useFreshState();

  it('are found for each container and mount, with the place that no other token can have', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    bind(issued(1_000), 'main', '0');
    bind(issued(1_000), 'main', '2');
    bind(issued(1_000), 'sidecar', '0');
    const found = await copies();
    assert.deepEqual(
      found.map(({ identity, copy }) => [identity.volume, identity.path, copy?.container]).toSorted(),
      [
        ['vault-token', 'subPath://main/0', 'main'],
        ['vault-token', 'subPath://main/2', 'main'],
        ['vault-token', 'subPath://sidecar/0', 'sidecar'],
      ],
    );
    assert.ok(found.every(({ volumeKind, claims }) => volumeKind === 'subpath' && claims.issuedAt === 1_000));
  });

  it('know when their volume got another token', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    bind(issued(1_000));
    assert.deepEqual(await replacements(), [['subPath://main/0', undefined]]);
    volume.write({ 'vault-token': issued(2_000) });
    assert.deepEqual(await replacements(), [['subPath://main/0', 2_000]]);
    volume.write({ 'vault-token': issued(3_000) });
    assert.deepEqual(await replacements(), [['subPath://main/0', 3_000]]);
  });

  it('are those of the container that was started last', async () => {
    volume.write({ 'vault-token': issued(2_000) });
    const file = bind(issued(1_000));
    assert.deepEqual(await replacements(), [['subPath://main/0', 2_000]]);
    writeFileSync(file, issued(2_000));
    assert.deepEqual(await replacements(), [['subPath://main/0', undefined]]);
  });

  it('are compared with the token of the same account and audience', async () => {
    volume.write({ a: issued(2_000, { aud: ['a'] }), b: issued(1_500, { aud: ['b'] }) });
    bind(issued(1_000, { aud: ['a'] }), 'main', '0');
    bind(issued(1_000, { aud: ['b'] }), 'main', '1');
    bind(issued(1_000, { aud: ['c'] }), 'main', '2');
    assert.deepEqual((await replacements()).toSorted(), [
      ['subPath://main/0', 2_000],
      ['subPath://main/1', 1_500],
      ['subPath://main/2', undefined],
    ]);
  });

  it('are not replaced by another token of the volume with the same audience', async () => {
    const [short, long] = [issued(1_000), issued(1_001, { exp: 9_000 })];
    volume.write({ a: short, b: long });
    bind(short, 'main', '0');
    bind(long, 'main', '1');
    assert.deepEqual(await replacements(), [
      ['subPath://main/0', undefined],
      ['subPath://main/1', undefined],
    ]);
    volume.write({ a: issued(1_500), b: long });
    assert.deepEqual(await replacements(), [
      ['subPath://main/0', 1_500],
      ['subPath://main/1', undefined],
    ]);
  });

  it('are the same objects while nothing changes', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    bind(issued(1_000));
    await files.scan();
    const { tokens } = files.observe();
    await files.scan();
    assert.equal(files.observe().tokens, tokens);
  });

  it('disappear with their pod', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    bind(issued(1_000));
    assert.equal((await copies()).length, 1);
    volume.unmount();
    rmSync(join(node.pods, POD_UID), { recursive: true });
    assert.equal((await copies()).length, 0);
  });

  it('are looked for in projected volumes only: another file system may never answer', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    bind(issued(1_000), 'main', '0', 'nfs');
    node.volume({ plugin: 'secret', name: 'legacy' }).fill({ token: jwt(rawLegacyClaims()) });
    bind(jwt(rawLegacyClaims()), 'main', '1', 'legacy');
    assert.deepEqual(await copies(), []);
  });

  it('are read from regular files only, and nothing else is reported', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    const directory = boundIn('main');
    symlinkSync('/etc/passwd', join(directory, '0'));
    execFileSync('mkfifo', [join(directory, '1')]);
    mkdirSync(join(directory, '2'));
    bind('', 'main', '3');
    bind('not a token', 'main', '4');
    writeFileSync(join(directory, '..', 'file'), issued(1_000));
    assert.deepEqual(await copies(), []);
    assert.deepEqual(files.observe().unreadable, []);
  });

  it('are bounded for each pod', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    for (let index = 0; index <= MAX_COPIES; index += 1) bind(issued(1_000), 'main', String(index));
    assert.equal((await copies()).length, MAX_COPIES);
  });

  it('that the limit leaves out are the last ones by container and mount, and have an entry for their pod', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    bind(issued(1_000), 'sidecar', '0');
    for (let index = MAX_COPIES - 1; index > 0; index -= 1) bind(issued(1_000), 'main', String(index));
    assert.equal((await copies()).length, MAX_COPIES);
    assert.deepEqual(files.observe().unreadable, []);
    bind(issued(1_000), 'main', '0');
    const found = await copies();
    assert.deepEqual(new Set(found.map(({ copy }) => copy?.container)), new Set(['main']));
    assert.equal(found.length, MAX_COPIES);
    assert.deepEqual(limitedPlaces(), [[POD_UID, '', 'limit']]);
  });

  it('whose claims are too long have an entry for their pod', async () => {
    volume.write({ 'vault-token': issued(1_000) });
    const aud = Array.from({ length: 15 }, (_, index) => `${index}-${'x'.repeat(200)}`);
    for (let index = 0; index < MAX_COPIES; index += 1) bind(issued(1_000, { aud }), 'main', String(index));
    const found = await copies();
    assert.ok(found.length > 0 && found.length < MAX_COPIES, `${found.length} copies`);
    assert.deepEqual(limitedPlaces(), [[POD_UID, '', 'limit']]);
  });
});

describeWith(['root', 'mount namespaces'], 'copies of tokens, under mounts', () => {
  useFreshState();

  it('are of files only: of a directory, nothing is left after the first rotation', async () => {
    volume.write({ 'sub/token': issued(1_000) });
    const seen = join(boundIn('main'), '0');
    mkdirSync(seen);
    execFileSync('mount', ['--bind', join(volume.generation(), 'sub'), seen]);
    try {
      assert.deepEqual([readdirSync(seen), await copies()], [['token'], []]);
      volume.write({ 'sub/token': issued(2_000) });
      assert.deepEqual([readdirSync(seen), await copies()], [[], []]);
      assert.deepEqual(files.observe().unreadable, []);
    } finally {
      execFileSync('umount', [seen]);
    }
  });
});

describe('copies of tokens, on files of a real node', () => {
  // The pod was older than a rotation when the first of the two captures was made.
  for (const capture of ['before', 'after'])
    it(`finds the one that is frozen, ${capture} a further rotation`, async () => {
      const rootDir = mkdtempSync(join(tmpdir(), 'satoken-copies-'));
      try {
        execFileSync('tar', ['xpzf', `${CAPTURES}${capture}-rotation.tar.gz`, '-C', rootDir]);
        const source = openTokenFiles({ rootDir });
        await source.scan();
        const { tokens } = source.observe();
        source.close();
        const current = tokens.find(
          ({ identity, copy }) => identity.podUid === POD_OF_CAPTURE && identity.volume === 'vault' && !copy,
        );
        assert.ok(current?.claims.issuedAt !== undefined);
        assert.deepEqual(
          tokens
            .filter(({ copy }) => copy !== undefined)
            .map(({ identity, copy }) => [identity.podUid, identity.path, copy?.replacedAt]),
          [[POD_OF_CAPTURE, 'subPath://c/0', current.claims.issuedAt]],
        );
      } finally {
        rmSync(rootDir, { recursive: true });
      }
    });
});

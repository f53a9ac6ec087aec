/**
 * Which folders of a pod are volumes that may hold tokens, and what is told of the rest.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createPodVolumes, type PodVolumes } from '../../../src/sources/files/pod-volumes.ts';
import { lineOf } from '../../support/sources.ts';
import { POD_UID } from '../../support/tokens.ts';

let pod = '';

/** The hooks of each suite here: at the top of a file they would be those of all files. */
function useFreshState(): void {
  beforeEach(() => {
    pod = mkdtempSync(join(tmpdir(), 'satoken-pod-'));
  });
  afterEach(() => rmSync(pod, { recursive: true }));
}

function makeFolders(...paths: readonly string[]): void {
  for (const path of paths) mkdirSync(join(pod, path), { recursive: true });
}

function makeFile(path: string): void {
  makeFolders(dirname(path));
  writeFileSync(join(pod, path), '');
}

function list(): PodVolumes {
  return createPodVolumes(POD_UID, pod)(Date.now());
}

function namesOf({ places }: PodVolumes): readonly string[] {
  return places.map(({ volumeKind, volume }) => `${volumeKind} ${volume}`).sort();
}

function faultsOf({ unreadable }: PodVolumes): readonly string[] {
  return unreadable.map((object) => lineOf(object).replace(`${POD_UID}/`, ''));
}

describe('createPodVolumes (on plain folders)', () => {
  useFreshState();

  it('finds projected volumes and Secrets, and no other kind', () => {
    makeFolders(
      'volumes/kubernetes.io~projected/kube-api-access-x2x4x',
      'volumes/kubernetes.io~projected/vault-token',
      'volumes/kubernetes.io~secret/api-token',
      'volumes/kubernetes.io~empty-dir/forged',
      'volumes/kubernetes.io~configmap/other',
      'volumes/kubernetes.io~projected.old/other',
      'volume-subpaths/vault-token',
      'kubernetes.io~projected/other',
    );
    const volumes = list();
    assert.deepEqual(namesOf(volumes), [
      'projected kube-api-access-x2x4x',
      'projected vault-token',
      'secret api-token',
    ]);
    assert.deepEqual(volumes.unreadable, []);
  });

  for (const { it: title, paths } of [
    { it: 'has no folder any more', paths: ['../gone'] },
    { it: 'has no volumes', paths: ['containers'] },
    { it: 'has volumes of other kinds alone', paths: ['volumes/kubernetes.io~empty-dir/data'] },
    { it: 'has lost its volumes', paths: ['volumes/kubernetes.io~projected'] },
  ]) {
    it(`finds nothing, and nothing wrong, where a pod ${title}`, () => {
      if (paths[0] === '../gone') rmSync(pod, { recursive: true });
      else makeFolders(...paths);
      assert.deepEqual(list(), { places: [], unreadable: [] });
      mkdirSync(pod, { recursive: true });
    });
  }

  it('tells what lies among the volumes and is no folder, and follows no link', () => {
    makeFolders('volumes/kubernetes.io~projected/good', 'volumes/kubernetes.io~secret');
    makeFile('volumes/kubernetes.io~projected/file');
    symlinkSync('/etc', join(pod, 'volumes/kubernetes.io~secret/link'));
    const volumes = list();
    assert.deepEqual(namesOf(volumes), ['projected good']);
    assert.deepEqual(faultsOf(volumes), ['file: not_a_directory', 'link: not_a_directory']);
  });

  it('lists no plugin folder that is a link', () => {
    makeFolders('volumes', 'elsewhere/volume');
    symlinkSync('../elsewhere', join(pod, 'volumes/kubernetes.io~projected'));
    const volumes = list();
    assert.deepEqual(
      [namesOf(volumes), volumes.unreadable.map(lineOf)],
      [[], [`${POD_UID}: not_a_directory`]],
    );
  });

  it('tells once what keeps it from both kinds of volume', () => {
    makeFile('volumes');
    assert.deepEqual(list().unreadable.map(lineOf), [`${POD_UID}: not_a_directory`]);
  });

  it('takes one of two volumes with one name, so that no two series are alike', () => {
    makeFolders('volumes/kubernetes.io~projected/twice', 'volumes/kubernetes.io~secret/twice');
    const volumes = list();
    assert.deepEqual(namesOf(volumes), ['projected twice']);
    assert.deepEqual(faultsOf(volumes), ['twice: same_name']);
  });

  it('says no two things alike of two files with one name', () => {
    makeFile('volumes/kubernetes.io~projected/twice');
    makeFile('volumes/kubernetes.io~secret/twice');
    assert.deepEqual(faultsOf(list()), ['twice: not_a_directory', 'twice: same_name']);
  });

  it('answers the same object while nothing changes', () => {
    makeFolders('volumes/kubernetes.io~projected/good');
    const listAgain = createPodVolumes(POD_UID, pod);
    const later = Date.now() + 60_000;
    assert.equal(listAgain(later), listAgain(later));
  });

  it('finds a kind of volume that the pod had none of before', () => {
    makeFolders('volumes/kubernetes.io~projected/good');
    const listAgain = createPodVolumes(POD_UID, pod);
    listAgain(Date.now());
    makeFolders('volumes/kubernetes.io~secret/late');
    assert.deepEqual(namesOf(listAgain(Date.now())), ['projected good', 'secret late']);
  });

  it('finds volumes whose names are no text', () => {
    makeFolders('volumes/kubernetes.io~projected');
    const name = Buffer.from([0x61, 0xff]);
    mkdirSync(Buffer.concat([Buffer.from(`${pod}/volumes/kubernetes.io~projected/`), name]));
    assert.deepEqual(namesOf(list()), ['projected a\\xff']);
  });
});

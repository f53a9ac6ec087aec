/**
 * Which directories of a pod are volumes that may hold tokens, what is reported of the rest, and when they are listed.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  createPodAge,
  createPodVolumes,
  type PodVolumes,
} from '../../../../src/sources/files/pods/pod-volumes.ts';
import { POD_UID } from '../../../support/tokens.ts';
import { lineOf } from '../support/test-node.ts';

let pod = '';

/** Hooks at the top level of a file would run for all files. */
function useFreshState(): void {
  beforeEach(() => {
    pod = mkdtempSync(join(tmpdir(), 'satoken-pod-'));
  });
  afterEach(() => rmSync(pod, { recursive: true }));
}

function makeDirectories(...paths: readonly string[]): void {
  for (const path of paths) mkdirSync(join(pod, path), { recursive: true });
}

/** Nothing is opened here. */
const ROOT = { holds: () => false, realPath: () => undefined };

function makeFile(path: string): void {
  makeDirectories(dirname(path));
  writeFileSync(join(pod, path), '');
}

function list(): PodVolumes {
  return createPodVolumes(POD_UID, pod, ROOT)(Date.now());
}

function namesOf({ locations }: PodVolumes): readonly string[] {
  return locations.map(({ volumeKind, volume }) => `${volumeKind} ${volume}`).sort();
}

function unreadableIn({ unreadable }: PodVolumes): readonly string[] {
  return unreadable.map((object) => lineOf(object).replace(`${POD_UID}/`, ''));
}

describe('createPodVolumes (on plain directories)', () => {
  useFreshState();

  it('returns projected and Secret volumes, and no other kind', () => {
    makeDirectories(
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
    { it: 'no longer has a directory', paths: ['../gone'] },
    { it: 'has no volumes', paths: ['containers'] },
    { it: 'has only volumes of other kinds', paths: ['volumes/kubernetes.io~empty-dir/data'] },
    { it: 'has an empty plugin directory', paths: ['volumes/kubernetes.io~projected'] },
  ]) {
    it(`returns no volumes and nothing unreadable if the pod ${title}`, () => {
      if (paths[0] === '../gone') rmSync(pod, { recursive: true });
      else makeDirectories(...paths);
      assert.deepEqual(list(), { locations: [], unreadable: [] });
      mkdirSync(pod, { recursive: true });
    });
  }

  it('reports files and links among the volumes as not_a_directory', () => {
    makeDirectories('volumes/kubernetes.io~projected/good', 'volumes/kubernetes.io~secret');
    makeFile('volumes/kubernetes.io~projected/file');
    symlinkSync('/etc', join(pod, 'volumes/kubernetes.io~secret/link'));
    const volumes = list();
    assert.deepEqual(namesOf(volumes), ['projected good']);
    assert.deepEqual(unreadableIn(volumes), ['file: not_a_directory', 'link: not_a_directory']);
  });

  it('reports a plugin directory that is a link as not_a_directory, and does not list it', () => {
    makeDirectories('volumes', 'elsewhere/volume');
    symlinkSync('../elsewhere', join(pod, 'volumes/kubernetes.io~projected'));
    const volumes = list();
    assert.deepEqual(
      [namesOf(volumes), volumes.unreadable.map(lineOf)],
      [[], [`${POD_UID}: not_a_directory`]],
    );
  });

  it('reports a failure of both plugin directories once', () => {
    makeFile('volumes');
    assert.deepEqual(list().unreadable.map(lineOf), [`${POD_UID}: not_a_directory`]);
  });

  it('returns one of two volumes with the same name, and reports the other, since their series would collide', () => {
    makeDirectories('volumes/kubernetes.io~projected/twice', 'volumes/kubernetes.io~secret/twice');
    const volumes = list();
    assert.deepEqual(namesOf(volumes), ['projected twice']);
    assert.deepEqual(unreadableIn(volumes), ['twice: same_name']);
  });

  it('reports two files with the same name under different reasons', () => {
    makeFile('volumes/kubernetes.io~projected/twice');
    makeFile('volumes/kubernetes.io~secret/twice');
    assert.deepEqual(unreadableIn(list()), ['twice: not_a_directory', 'twice: same_name']);
  });

  it('returns the same object while nothing changes', () => {
    makeDirectories('volumes/kubernetes.io~projected/good');
    const listAgain = createPodVolumes(POD_UID, pod, ROOT);
    const later = Date.now() + 60_000;
    assert.equal(listAgain(later), listAgain(later));
  });

  it('finds the first volume of a kind', () => {
    makeDirectories('volumes/kubernetes.io~projected/good');
    const listAgain = createPodVolumes(POD_UID, pod, ROOT);
    listAgain(Date.now());
    makeDirectories('volumes/kubernetes.io~secret/late');
    assert.deepEqual(namesOf(listAgain(Date.now())), ['projected good', 'secret late']);
  });

  it('returns a volume whose name is not valid UTF-8', () => {
    makeDirectories('volumes/kubernetes.io~projected');
    const name = Buffer.from([0x61, 0xff]);
    mkdirSync(Buffer.concat([Buffer.from(`${pod}/volumes/kubernetes.io~projected/`), name]));
    assert.deepEqual(namesOf(list()), ['projected a\\xff']);
  });
});

function podAge() {
  let seconds = 1_000_000;
  const age = createPodAge(() => seconds);
  const pass = (passed: number): void => {
    seconds += passed;
  };
  return { age, pass };
}

/** The ages at which a pod is listed, if the check runs every `step` seconds for `until` seconds. */
function listingAges(step: number, until: number): readonly number[] {
  const { age, pass } = podAge();
  const ages: number[] = [];
  for (let passed = 0; passed <= until; passed += step) {
    if (age.isListingDue()) {
      ages.push(passed);
      age.listed();
    }
    pass(step);
  }
  return ages;
}

describe('createPodAge', () => {
  it('counts the seconds since the pod was first seen', () => {
    const { age, pass } = podAge();
    assert.equal(age.seconds(), 0);
    pass(90);
    assert.equal(age.seconds(), 90);
  });

  it('makes a listing due each time the age has doubled, and every two minutes later on', () => {
    assert.deepEqual(listingAges(1, 800), [0, 1, 2, 4, 8, 16, 32, 64, 128, 248, 368, 488, 608, 728]);
  });

  it('makes a listing due at every scan if scans are rare', () => {
    assert.deepEqual(listingAges(300, 1_500), [0, 300, 600, 900, 1_200, 1_500]);
  });

  it('makes a listing due and counts the pod as new after the clock was set back', () => {
    const { age, pass } = podAge();
    pass(10_000);
    age.listed();
    assert.equal(age.isListingDue(), false);
    pass(-9_000);
    assert.equal(age.isListingDue(), true);
    assert.equal(age.seconds(), 0);
  });
});

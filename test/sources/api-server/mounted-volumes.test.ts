/**
 * The volumes of a pod that its containers use.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { mountedVolumes } from '../../../src/sources/api-server/mounted-volumes.ts';

const mounting = (name: unknown) => ({ name: 'main', volumeMounts: [{ name, mountPath: '/data' }] });

describe('mountedVolumes', () => {
  for (const containers of ['containers', 'initContainers', 'ephemeralContainers'])
    it(`returns a volume that one of the ${containers} mounts`, () => {
      const spec = { containers: [{ name: 'other' }], [containers]: [{ name: 'other' }, mounting('v')] };
      assert.deepEqual(mountedVolumes(spec), new Set(['v']));
    });

  it('returns a volume that only a restartable init container mounts', () => {
    const sidecar = { ...mounting('v'), restartPolicy: 'Always' };
    assert.deepEqual(mountedVolumes({ containers: [], initContainers: [sidecar] }), new Set(['v']));
  });

  it('returns a volume that a container uses as a block device', () => {
    const container = { name: 'main', volumeDevices: [{ name: 'v', devicePath: '/dev/xvda' }] };
    assert.deepEqual(mountedVolumes({ containers: [container] }), new Set(['v']));
  });

  it('returns no volume that no container mounts', () => {
    const spec = { volumes: [{ name: 'v' }, { name: 'w' }], containers: [mounting('w')] };
    assert.deepEqual(mountedVolumes(spec), new Set(['w']));
  });

  it('omits what is malformed and returns the rest', () => {
    const containers = ['main', mounting(7), mounting('A\nB'), { volumeMounts: {} }, mounting('v')];
    assert.deepEqual(mountedVolumes({ containers, initContainers: 'main' }), new Set(['v']));
  });

  it('returns names, for any JSON', () => {
    const container = fc.record({ volumeMounts: fc.array(fc.jsonValue()), volumeDevices: fc.jsonValue() });
    const any = fc.oneof(fc.jsonValue(), fc.array(container));
    fc.assert(
      fc.property(fc.record({ containers: any, initContainers: any }), (spec) => {
        assert.ok([...mountedVolumes(spec)].every((name) => typeof name === 'string'));
      }),
    );
  });
});

/**
 * The volumes of a pod that its containers use.
 *
 * The kubelet does not set up the others (k8s.io/kubernetes/pkg/volume/util, GetPodVolumeNames).
 */
import { objectName } from '../../core/token/claim-rules.ts';
import { type JsonObject, object } from '../../util/json.ts';

/** More than a node can attach. */
const MAX_CLAIMS = 64;
const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];
/** File systems and block devices. */
const USE_LISTS = ['volumeMounts', 'volumeDevices'];

function objectsIn(from: JsonObject, key: string): readonly JsonObject[] {
  const value = from[key];
  return Array.isArray(value) ? value.map(object).filter((item) => item !== undefined) : [];
}

/** Names of the PersistentVolumeClaims that the containers mount, those of generic ephemeral volumes included. */
export function mountedClaims(spec: JsonObject, podName: string): readonly string[] {
  const mounted = mountedVolumes(spec);
  const names = objectsIn(spec, 'volumes').map((volume) => {
    const name = objectName(volume['name']);
    if (name === undefined || !mounted.has(name)) return undefined;
    // The claim of an ephemeral volume is named after the pod and the volume.
    if (object(volume['ephemeral']) !== undefined) return objectName(`${podName}-${name}`);
    return objectName(object(volume['persistentVolumeClaim'])?.['claimName']);
  });
  return [...new Set(names.filter((name) => name !== undefined))].slice(0, MAX_CLAIMS);
}

/** What cannot be read is left out: a volume that may be unused must not count as missing. */
export function mountedVolumes(spec: JsonObject): ReadonlySet<string> {
  const containers = CONTAINER_LISTS.flatMap((key) => objectsIn(spec, key));
  const uses = containers.flatMap((container) =>
    USE_LISTS.flatMap((key) => objectsIn(container, key).map(({ name }) => objectName(name))),
  );
  return new Set(uses.filter((name) => name !== undefined));
}

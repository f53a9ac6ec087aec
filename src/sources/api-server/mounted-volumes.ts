/**
 * The volumes of a pod that its containers use.
 *
 * The kubelet does not set up the others (k8s.io/kubernetes/pkg/volume/util, GetPodVolumeNames).
 */
import { objectName } from '../../core/claim-rules.ts';
import { type JsonObject, object } from '../../util/json.ts';

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];
/** File systems and block devices. */
const USE_LISTS = ['volumeMounts', 'volumeDevices'];

function objectsIn(from: JsonObject, key: string): readonly JsonObject[] {
  const value = from[key];
  return Array.isArray(value) ? value.map(object).filter((item) => item !== undefined) : [];
}

/** What cannot be read is left out: a volume that may be unused must not count as missing. */
export function mountedVolumes(spec: JsonObject): ReadonlySet<string> {
  const containers = CONTAINER_LISTS.flatMap((key) => objectsIn(spec, key));
  const uses = containers.flatMap((container) =>
    USE_LISTS.flatMap((key) => objectsIn(container, key).map(({ name }) => objectName(name))),
  );
  return new Set(uses.filter((name) => name !== undefined));
}

/**
 * The claims that a pod mounts, which the kubelet reads before it updates any volume of the pod.
 */
import type { Cluster } from '../cluster.ts';
import type { Pod } from '../objects.ts';
import type { MountFailure } from '../pod-events.ts';

/** The text of an event about a volume that cannot be processed. */
export function unmountedVolume(volume: string, cause: string): string {
  const volumeNames = `unmounted volumes=[${volume}], unattached volumes=[], failed to process volumes=[${volume}]`;
  return `Unable to attach or mount volumes: ${volumeNames}: ${cause}`;
}

/**
 * Returns whether the volumes of the pod are updated. Without one of its claims they are not, and only the log says so.
 * A claim that is being deleted raises an event and blocks nothing.
 */
export function checkClaims(cluster: Cluster, pod: Pod, onFailure: (failure: MountFailure) => void): boolean {
  const { namespace } = pod.metadata;
  const names = (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim }) =>
    persistentVolumeClaim === undefined ? [] : [{ volume: name, claimName: persistentVolumeClaim.claimName }],
  );
  for (const { volume, claimName } of names) {
    const claim = cluster.claim(namespace, claimName);
    if (claim === undefined) return false;
    const cause = `error processing PVC ${namespace}/${claimName}: PVC is being deleted`;
    if (claim.metadata.deletionTimestamp !== undefined)
      onFailure({ pod, message: unmountedVolume(volume, cause) });
  }
  return true;
}

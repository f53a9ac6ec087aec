/**
 * Data from the API server on the containers of a pod: which of them run, since when, and what they see of the pod's token
 * volumes.
 */
import type { EpochSeconds } from './token/token.ts';

/** `restartable_init`: an init container with `restartPolicy: Always`, which runs for as long as the main containers. */
export type ContainerKind = 'main' | 'init' | 'restartable_init' | 'ephemeral';

/** A container of a pod, as its spec and the kubelet's last report describe it. */
export interface ContainerFacts {
  readonly name: string;
  readonly kind: ContainerKind;
  readonly isRunning: boolean;
  /** Start of the current run, or of the last one if it does not run. Undefined before the first, or if it is not known. */
  readonly startedAt: EpochSeconds | undefined;
  /** End of the last run. Undefined while it runs, before the first, or if it is not known. */
  readonly finishedAt: EpochSeconds | undefined;
  /**
   * Names of the volumes with tokens that it mounts as a whole and without mount propagation: it sees what was mounted on
   * the node when it started, and nothing that is mounted there later.
   */
  readonly fixedVolumes: readonly string[];
  /**
   * Names of the volumes with tokens of which it mounts a part (`subPath`): it keeps the files that were there when it
   * started. Its reads are not seen once the kubelet has removed them.
   */
  readonly copiedVolumes: readonly string[];
}

/**
 * A node whose kubelet rotates all tokens but one, which is about to be late.
 */
import { tokenVolume } from '../../simulator/pods.ts';
import { type ServedWorld, serveWorld } from '../../test/e2e/support/served-world.ts';

export interface StuckNode {
  readonly lifetime: number;
  /** The value of the labels `cluster` and `namespace`: routes that group by the latter tell nodes apart. */
  readonly name: string;
  readonly address: string;
  /** When the token expires, in milliseconds of the wall clock. */
  readonly expiresAt: number;
  /** Ends the failure, and rotates the token. */
  readonly repair: () => void;
  readonly close: () => Promise<void>;
}

/** Runs the pod of which the kubelet cannot mount a volume, `age` seconds old. */
function runStuckPod({ world }: ServedWorld, name: string, lifetime: number, age: number): string {
  const volumes = [tokenVolume('token', { path: 'token', audience: 'partner', expirationSeconds: lifetime })];
  const { uid } = world.run({ name: 'stuck', namespace: name, isAutomounted: false, volumes }, age).metadata;
  world.kubelet.block(uid, true, 'mount failed: exit status 32');
  return uid;
}

/** `left` is the time in seconds until the token expires. */
export async function startStuckNode(name: string, lifetime: number, left: number): Promise<StuckNode> {
  const served = await serveWorld();
  const uid = runStuckPod(served, name, lifetime, lifetime - left);
  return {
    lifetime,
    name,
    address: served.address,
    expiresAt: Date.now() + left * 1_000,
    repair: () => {
      served.world.kubelet.block(uid, false);
      served.world.kubelet.rotate(uid);
    },
    close: served.close,
  };
}

/**
 * TokenReviews of a node: after changes of the issuer and the keys, for revoked tokens, and for tokens of other clusters.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { NAMESPACE, signatureAltered, vaultPod } from '../../simulator/demo/scenarios.ts';
import { createForeignIssuer } from '../../simulator/foreign.ts';
import type { Pod } from '../../simulator/objects.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { type SteppedExporter, startSteppedExporter } from '../support/stepped-exporter.ts';

const START = 1_795_480_000;
const PODS = 60;
const NEW_ISSUER = 'https://new.example';

/** Names of the pods whose tokens fail each check. */
function failuresOf({ assessments }: Snapshot): Readonly<Record<string, readonly string[]>> {
  const failures: Record<string, string[]> = {};
  for (const { token, failures: found } of assessments)
    for (const { check } of found)
      failures[check.reason] = [...(failures[check.reason] ?? []), token.identity.pod];
  return failures;
}

describe('the token reviews of a node', () => {
  let exporter: SteppedExporter | undefined;

  const start = async (): Promise<SteppedExporter> => {
    exporter = await startSteppedExporter(START);
    return exporter;
  };
  afterEach(async () => {
    const sent = exporter?.api.reviews() ?? [];
    assert.deepEqual(
      sent.filter(({ isForeign }) => isForeign),
      [],
    );
    await exporter?.close();
    exporter = undefined;
  });

  /** Pods with a default token and a token for Vault each. */
  const runPods = ({ world }: SteppedExporter, count = PODS): readonly Pod[] =>
    Array.from({ length: count }, (_, index) =>
      world.run({ ...vaultPod(`app-${index}`, 'vault', 3_600), isAutomounted: true }),
    );
  /** The kubelet rotates the tokens of a pod, so that there is one of the new issuer or key. */
  const rotateOne = ({ world }: SteppedExporter, [pod]: readonly Pod[]): void => {
    world.kubelet.rotate(pod?.metadata.uid ?? '');
  };

  it('are two for 60 pods with tokens of a former issuer that is still accepted, and no check fails', async () => {
    const node = await start();
    const pods = runPods(node);
    assert.deepEqual(failuresOf(await node.stepTo(START + 90)), {});
    node.world.cluster.changeIssuer(NEW_ISSUER, true);
    rotateOne(node, pods);
    assert.deepEqual(failuresOf(await node.stepTo(START + 120)), {});
    // One for each class: the tokens for the API server, and those for Vault.
    assert.equal(node.api.reviews().length, 2);
  });

  it('do not excuse a forged token that names the same issuer and key', async () => {
    const node = await start();
    const pods = runPods(node, 5);
    signatureAltered(node.world, 'forged');
    await node.stepTo(START + 90);
    node.world.cluster.changeIssuer(NEW_ISSUER, true);
    rotateOne(node, pods);
    const failures = failuresOf(await node.stepTo(START + 120));
    assert.deepEqual(failures['signature_invalid'], ['forged']);
    assert.deepEqual(failures['issuer_mismatch'], ['forged']);
  });

  it('are one for each class if the former issuer is no longer accepted, and all its tokens fail', async () => {
    const node = await start();
    const pods = runPods(node, 10);
    await node.stepTo(START + 90);
    node.world.cluster.changeIssuer(NEW_ISSUER, false);
    rotateOne(node, pods);
    const failures = failuresOf(await node.stepTo(START + 120));
    assert.deepEqual(Object.keys(failures), ['issuer_mismatch']);
    assert.equal(failures['issuer_mismatch']?.length, 18);
    assert.equal(node.api.reviews().length, 2);
  });

  it('confirm that the tokens of a withdrawn key are rejected', async () => {
    const node = await start();
    const pods = runPods(node, 10);
    await node.stepTo(START + 90);
    node.world.cluster.changeKey(false);
    rotateOne(node, pods);
    const failures = failuresOf(await node.stepTo(START + 120));
    assert.deepEqual(Object.keys(failures), ['signing_key_unknown']);
    assert.equal(failures['signing_key_unknown']?.length, 18);
  });

  it('are never about the tokens of another cluster', async () => {
    const node = await start();
    const { world } = node;
    const foreign = createForeignIssuer({ now: node.now });
    const tokens = [
      foreign.accessToken('remote', 'deployer'),
      foreign.legacyToken('remote', 'deployer-token', 'deployer'),
      foreign.virtualPodToken('remote', { name: 'remote', uid: 'remote' }, 'deployer'),
    ];
    for (const [index, raw] of tokens.entries()) {
      const name = `remote-${index}`;
      const metadata = { name, namespace: NAMESPACE, uid: name };
      world.cluster.addSecret({ metadata, type: 'Opaque', data: { token: raw } });
      world.run({
        name,
        namespace: NAMESPACE,
        isAutomounted: false,
        volumes: [{ name: 'remote', secret: { secretName: name } }],
      });
    }
    const { assessments } = await node.stepTo(START + 90);
    assert.deepEqual(
      assessments.map(({ context }) => context.origin),
      tokens.map(() => 'foreign'),
    );
    assert.deepEqual(node.api.reviews(), []);
  });

  it('find that the Secret of a legacy token was deleted', async () => {
    const node = await start();
    const { world } = node;
    world.cluster.createLegacySecret(NAMESPACE, 'legacy-token', 'legacy');
    world.run({
      name: 'legacy',
      namespace: NAMESPACE,
      isAutomounted: false,
      volumes: [{ name: 'legacy', secret: { secretName: 'legacy-token' } }],
    });
    assert.deepEqual(Object.keys(failuresOf(await node.stepTo(START + 90))), ['legacy_token']);
    world.cluster.deleteSecret(NAMESPACE, 'legacy-token');
    // The API server caches an acceptance for 10 s.
    await node.stepTo(START + 101);
    await node.until(({ reviews }) => [...reviews.values()].some(({ isAccepted }) => !isAccepted));
    assert.deepEqual(Object.keys(failuresOf(await node.stepTo(START + 102))).toSorted(), [
      'legacy_secret_missing',
      'legacy_token',
    ]);
  });
});

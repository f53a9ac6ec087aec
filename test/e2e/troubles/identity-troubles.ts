/**
 * Tokens that are refused for whom they name, who signed them, or whom they are for.
 */
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import type { World } from '../../../simulator/world.ts';
import { dayTokens, EXPORTER, LATE, played, remove, rotate, type Trouble, uidOf, VICTIM } from './trouble.ts';

function rotateAll({ kubelet }: World): void {
  for (const { metadata } of kubelet.pods()) kubelet.rotate(metadata.uid);
}

/** An account that is going, which a finalizer holds: it is still listed, and its tokens are refused. */
function markAccountDeleted({ cluster }: World, deletionTimestamp: string | undefined): void {
  const { metadata, ...rest } = cluster.createServiceAccount(scenarios.NAMESPACE, VICTIM);
  const { deletionTimestamp: _before, ...kept } = metadata;
  cluster.addServiceAccount({
    ...rest,
    metadata: deletionTimestamp === undefined ? kept : { ...kept, deletionTimestamp },
  });
}

export const IDENTITY_TROUBLES: readonly Trouble[] = [
  {
    name: 'account-deleted',
    play: played(scenarios.accountDeleted(900)),
    mend: (served) => {
      served.world.cluster.createServiceAccount(scenarios.NAMESPACE, VICTIM);
      served.world.kubelet.sync(uidOf(served));
    },
    tells: 'SATokenServiceAccountMissing',
    severity: 'critical',
    says: /^Service account demo\/victim \(tokens: 1\)/,
    silences: ['SATokenExpired', 'SATokenRotationOverdue'],
  },
  {
    name: 'account-recreated',
    play: (served) => {
      played(scenarios.aged((name) => scenarios.vaultPod(name), LATE))(served);
      served.world.cluster.deleteServiceAccount(scenarios.NAMESPACE, VICTIM);
      served.world.cluster.createServiceAccount(scenarios.NAMESPACE, VICTIM);
    },
    mend: rotate,
    tells: 'SATokenServiceAccountRecreated',
    severity: 'critical',
    silences: ['SATokenExpired', 'SATokenRotationOverdue'],
  },
  {
    name: 'key-changed',
    play: ({ world, own }) => {
      dayTokens(world, 10, 60);
      world.cluster.changeKey(false);
      // The first token signed with the new key tells that there is one.
      world.kubelet.rotate(own.metadata.uid);
    },
    mend: ({ world }) => rotateAll(world),
    tells: 'SATokenSigningKeyUnknown',
    severity: 'critical',
    says: /does not publish \(10\)/,
  },
  {
    name: 'issuer-changed',
    // Before the exporter starts: what it knows of the issuer it asks for twice an hour.
    options: {
      runOwn: (world) => {
        dayTokens(world, 10, 60);
        world.cluster.changeIssuer('https://other.example');
        return scenarios.runExporter(world, EXPORTER);
      },
    },
    play: () => undefined,
    mend: ({ world }) => rotateAll(world),
    tells: 'SATokenIssuerMismatch',
    severity: 'critical',
    says: /has now \(10\)/,
  },
  {
    name: 'signature-wrong',
    play: played(scenarios.signatureAltered),
    mend: rotate,
    tells: 'SATokenSignatureInvalid',
    severity: 'critical',
  },
  {
    name: 'token-refused',
    options: { args: ['--cluster.token-review=all'] },
    play: (served) => {
      played(scenarios.aged((name) => scenarios.vaultPod(name), 60))(served);
      markAccountDeleted(served.world, new Date(0).toISOString());
    },
    mend: ({ world }) => markAccountDeleted(world, undefined),
    tells: 'SATokenRefused',
    severity: 'critical',
  },
  {
    name: 'audience-wrong',
    play: played(scenarios.aged((name) => scenarios.vaultPod(name, 'valut', 7_200), 60)),
    mend: remove,
    tells: 'SATokenAudienceMismatch',
    severity: 'critical',
    says: /^Service account demo\/victim \(tokens: 1\), volume vault-token/,
  },
  {
    name: 'token-copied',
    play: played(scenarios.tokenOfAnotherPod),
    mend: rotate,
    tells: 'SATokenPodMismatch',
    severity: 'critical',
  },
];

/**
 * The alerts that go by one check, and what they say of whom.
 */

/** Whom an alert is about: a token, a service account, its volume, or the cluster. */
type Scope = 'token' | 'account' | 'workload' | 'cluster';

export interface Row {
  readonly reason: string;
  readonly alert: string;
  readonly severity?: 'warning';
  /** After so many minutes. */
  readonly minutes: number;
  /** For so many minutes after its cause is gone. */
  readonly outlasts?: number;
  readonly scope: Scope;
  /** What follows the one it is about. */
  readonly says: string;
}

export const ROWS: readonly Row[] = [
  {
    reason: 'rotation_overdue',
    alert: 'SATokenRotationOverdue',
    severity: 'warning',
    minutes: 10,
    scope: 'token',
    says: "not replaced in time. Check first: the events of the pod (kubectl describe pod), then the kubelet's log on the node.",
  },
  {
    reason: 'expired',
    alert: 'SATokenExpired',
    minutes: 5,
    scope: 'token',
    says: 'expired, and refused by whoever it is shown to. Check first: the events of the pod (kubectl describe pod), FailedMount names what the refresh fails on.',
  },
  {
    reason: 'stale',
    alert: 'SATokenStale',
    minutes: 5,
    outlasts: 10,
    scope: 'token',
    says: "past the lifetime that was asked for and not replaced; accepted only because the API server extended it. Check first: the events of the pod (kubectl describe pod), then the kubelet's log on the node.",
  },
  {
    reason: 'token_missing',
    alert: 'SATokenMissing',
    minutes: 5,
    scope: 'token',
    says: "asked for by the pod's spec, and not there. Check first: the events of the pod (kubectl describe pod), FailedMount names what is wrong.",
  },
  {
    reason: 'token_refused',
    alert: 'SATokenRefused',
    minutes: 5,
    scope: 'token',
    says: 'refused by the API server, for a reason that no other check accounts for. Check first: whether the pod and the account that the token names are those that exist now.',
  },
  {
    reason: 'signature_invalid',
    alert: 'SATokenSignatureInvalid',
    minutes: 5,
    scope: 'token',
    says: 'not signed with the key that it names; damaged, or forged. Check first: whether all API servers publish the same keys (kubectl get --raw /openid/v1/jwks), then who writes into the volume.',
  },
  {
    reason: 'pod_mismatch',
    alert: 'SATokenPodMismatch',
    minutes: 5,
    scope: 'token',
    says: 'bound to another pod than the one it lies in. Check first: who else writes into this volume; the kubelet never does that.',
  },
  {
    reason: 'a_check_of_tomorrow',
    alert: 'SATokenProblem',
    minutes: 5,
    scope: 'token',
    says: 'fails the check a_check_of_tomorrow, which the exporter has and these rules do not. Check first: what explain says of the pod; then update the rules.',
  },
  {
    reason: 'service_account_missing',
    alert: 'SATokenServiceAccountMissing',
    minutes: 5,
    outlasts: 10,
    scope: 'account',
    says: 'the account does not exist, its tokens are refused and get no successor. Check first: kubectl get serviceaccount in the namespace, and who deleted it.',
  },
  {
    reason: 'service_account_recreated',
    alert: 'SATokenServiceAccountRecreated',
    minutes: 5,
    outlasts: 10,
    scope: 'account',
    says: 'the account was made again with another uid, tokens from before are refused until the kubelet replaces them. Check first: whether pods that started since work; if so, roll the others out anew.',
  },
  {
    reason: 'audience_mismatch',
    alert: 'SATokenAudienceMismatch',
    minutes: 5,
    scope: 'workload',
    says: "for none of the audiences expected of them. Check first: audience of the serviceAccountToken source in the pod's spec, against what the receiver accepts.",
  },
  {
    reason: 'legacy_secret_missing',
    alert: 'SATokenLegacySecretMissing',
    minutes: 5,
    scope: 'workload',
    says: 'the Secret they come from does not exist, they are refused or their pods do not start. Check first: kubectl get secrets in the namespace; since v1.24 none is made by itself.',
  },
  {
    reason: 'legacy_token',
    alert: 'SATokenLegacyMounted',
    minutes: 60,
    scope: 'workload',
    says: 'out of a Secret, without an end, replaced by nobody. Check first: whether the pods can mount a projected serviceAccountToken instead.',
  },
  {
    reason: 'signing_key_unknown',
    alert: 'SATokenSigningKeyUnknown',
    minutes: 5,
    scope: 'cluster',
    says: 'Tokens are signed with a key that the API server does not publish (3), and are refused. Check first: whether --service-account-key-file of every API server still names the former key.',
  },
  {
    reason: 'issuer_mismatch',
    alert: 'SATokenIssuerMismatch',
    minutes: 5,
    scope: 'cluster',
    says: 'Tokens were issued under another issuer than the API server has now (3), and are refused. Check first: whether --service-account-issuer of every API server still names the former issuer, second.',
  },
];

/**
 * What the TokenReview of one token says about others.
 *
 * The API server checks the issuer, the key and the audiences of a token before anything that is the token's own
 * (k8s.io/kubernetes/pkg/serviceaccount, jwt.go). Tokens that agree in these are a class: a review that accepts one of
 * them settles all three for the others. It never settles the account, the pod or the Secret, which are the token's own.
 */
import type { ClassReview, PodFacts, PodProjection, Review } from '../cluster-facts.ts';
import type { Token, TokenClaims } from '../token/token.ts';

/** Identifies the class of a token. */
export function reviewClassOf({ issuer, keyId, algorithm, audiences }: TokenClaims): string {
  return JSON.stringify([issuer, keyId ?? null, algorithm, audiences.toSorted()]);
}

interface Provenance {
  readonly pod: PodFacts | 'absent' | undefined;
  readonly projection: PodProjection | undefined;
  readonly isSignatureValid: boolean | undefined;
}

/** A projected Secret can overwrite the token of another source in the same volume. */
function hasSecretIn(pod: Provenance['pod'], volume: string): boolean {
  return typeof pod === 'object' && pod.secrets.some((secret) => secret.volume === volume);
}

/**
 * Whether the claims of the token are genuine, so that the review of another token of its class holds for it: the exporter
 * has verified its signature, or the pod's spec says that the kubelet writes the file. A forged token can claim any class.
 */
export function isGenuine({ identity }: Token, { pod, projection, isSignatureValid }: Provenance): boolean {
  if (isSignatureValid !== undefined) return isSignatureValid;
  return projection !== undefined && !hasSecretIn(pod, identity.volume);
}

interface Reviews {
  readonly review: Review | undefined;
  readonly classReview: ClassReview | undefined;
}

/** Whether the API server accepts the issuer and the key of the token. */
export function isIssuerAccepted({ review, classReview }: Reviews): boolean {
  return review?.isAccepted === true || (typeof classReview === 'object' && classReview.isAccepted);
}

/** Whether the API server accepts the token as one for itself. */
export function isAudienceAccepted({ review, classReview }: Reviews): boolean {
  return [review, classReview].some((one) => typeof one === 'object' && one.isAccepted && one.isForApiServer);
}

/** Whether the API server has no key with the id that the token names. */
export function isKeyRefused({ review, classReview }: Reviews): boolean {
  return [review, classReview].some(
    (one) => typeof one === 'object' && !one.isAccepted && one.reason === 'unknown_key',
  );
}

/** Whether a review of the class is due shortly, before which there is no verdict. */
export function isReviewPending({ review, classReview }: Reviews): boolean {
  return review === undefined && classReview === 'pending';
}

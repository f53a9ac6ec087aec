/**
 * Lets in who knows the password of a user, without letting guesses cost much.
 *
 * bcrypt is slow on purpose: a password is checked by it once, one at a time, and no more often than whoever asks is
 * admitted. What it came to is kept under a keyed hash, the password is not. Knows nothing of where users come from.
 */
import { createBoundedMap } from '../../util/bounded-map.ts';
import { createSingleFlight } from '../../util/single-flight.ts';
import type { Admission } from './admission.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import { FAILED, type Guard, type Refusal, tooMany } from './guard.ts';
import { createKeyedDigest } from './keyed-digest.ts';
import { createQueue } from './queue.ts';

export interface BasicAuthOptions {
  /** bcrypt hashes by user. At least one. */
  readonly users: () => ReadonlyMap<string, string>;
  readonly verify: (password: Uint8Array, hash: string) => Promise<boolean>;
  /** Who may have a password checked now. */
  readonly admission: Admission;
  /** Something threw: a bug, and nobody is let in by it. */
  readonly onError: (error: unknown) => void;
}

/** What there is to be checked, and the name it is known by. */
interface Question extends Credentials {
  readonly hash: string;
  readonly key: string;
}

/** Undefined where it could not be found out. */
type Verdict = boolean | undefined;

/** Answers of each kind that are kept; guesses push out guesses alone. */
const MAX_KEPT = 100;
const UNAUTHORIZED: Refusal = {
  status: 401,
  headers: { 'WWW-Authenticate': 'Basic realm="sa-token-exporter", charset="UTF-8"' },
};

/**
 * For users that are not there: as slow as the slowest, so that an answer does not tell who is by its time. Where costs
 * differ, one that comes sooner does.
 */
function decoyOf(users: ReadonlyMap<string, string>): string {
  const costs = [...users.values()].map((hash) => hash.slice(4, 6)).sort();
  return `$2b$${costs.at(-1)}$${'.'.repeat(53)}`;
}

/** Tells right from wrong passwords, and remembers what bcrypt said. */
function createJudge({ verify, onError }: BasicAuthOptions) {
  const kept = { right: createBoundedMap<true>(MAX_KEPT), wrong: createBoundedMap<true>(MAX_KEPT) };
  const checks = createSingleFlight<string, Verdict>();
  const queue = createQueue();

  const ask = async ({ password, hash, key }: Question): Promise<Verdict> => {
    try {
      const isRight = await queue.run(() => verify(password, hash));
      kept[isRight ? 'right' : 'wrong'].set(key, true);
      return isRight;
    } catch (error) {
      onError(error);
      return undefined;
    }
  };
  const known = (key: string): boolean | Promise<Verdict> | undefined => {
    if (kept.right.get(key)) return true;
    return kept.wrong.get(key) ? false : checks.inFlight(key);
  };
  const judge = (question: Question): Promise<Verdict> => checks.run(question.key, () => ask(question));
  return { known, judge };
}

function refusalOf(verdict: Verdict): Refusal | undefined {
  if (verdict === undefined) return FAILED;
  return verdict ? undefined : UNAUTHORIZED;
}

export function createBasicAuth(options: BasicAuthOptions): Guard {
  const { users, admission } = options;
  const digest = createKeyedDigest();
  const { known, judge } = createJudge(options);

  /** The user's hash is part of the key: another password, and what is known of the old one counts no more. */
  const questionOf = (credentials: Credentials): Question => {
    const { user, password } = credentials;
    const hash = users().get(user) ?? decoyOf(users());
    return { ...credentials, hash, key: digest(`${user.length}:${user}${hash}`, password) };
  };
  const check = async (question: Question, peer: string | undefined): Promise<Refusal | undefined> => {
    const admitted = admission.enter(undefined, peer);
    if (!admitted.ok) return tooMany(admitted.waitMs);
    return refusalOf(await judge(question).finally(admitted.leave));
  };
  return async ({ authorization = '', peer }) => {
    const credentials = readCredentials(authorization);
    if (credentials === undefined) return UNAUTHORIZED;
    const question = questionOf(credentials);
    const answer = known(question.key);
    const refusal = answer === undefined ? await check(question, peer) : refusalOf(await answer);
    if (refusal !== undefined) return refusal;
    // Who was right when they came may not be any more.
    if (users().get(credentials.user) !== question.hash) return UNAUTHORIZED;
    admission.welcome(peer);
    return undefined;
  };
}

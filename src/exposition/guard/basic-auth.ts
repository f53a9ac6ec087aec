/**
 * Lets in who knows the password of a user, without letting guesses cost much.
 *
 * bcrypt is slow on purpose: a password is checked by it once, one at a time, and no more often than the budget of
 * whoever asks allows. What it came to is kept under a keyed hash, the password is not. Knows nothing of where users come
 * from.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { createBoundedMap } from '../../bounded-map.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import { type Guard, type Refusal, tooMany } from './guard.ts';
import { createQueue } from './queue.ts';

export interface BasicAuthOptions {
  /** bcrypt hashes by user. At least one. */
  readonly users: () => ReadonlyMap<string, string>;
  readonly verify: (password: Uint8Array, hash: string) => Promise<boolean>;
  /** Takes from what an address may cost; answers how many milliseconds it has to wait, 0 where none. */
  readonly take: (peer: string | undefined) => number;
  /** Something threw: a bug, and nobody is let in by it. */
  readonly onError: (error: unknown) => void;
}

/** What there is to be checked, and the name it is known by. */
interface Question extends Credentials {
  readonly hash: string;
  readonly key: string;
}

/** Answers of each kind that are kept; guesses push out guesses alone. */
const MAX_KEPT = 100;
const MAX_QUEUE = 8;
const QUEUE_MS = 1_000;
const UNAUTHORIZED: Refusal = {
  status: 401,
  headers: { 'WWW-Authenticate': 'Basic realm="sa-token-exporter", charset="UTF-8"' },
};

/** For users that are not there: as slow as the slowest, so that time does not tell who is. */
function decoyOf(users: ReadonlyMap<string, string>): string {
  const costs = [...users.values()].map((hash) => hash.slice(4, 6)).sort();
  return `$2b$${costs.at(-1)}$${'.'.repeat(53)}`;
}

/** Tells right from wrong passwords, and remembers. */
function createJudge({ users, verify, onError }: BasicAuthOptions) {
  const right = createBoundedMap<true>(MAX_KEPT);
  const wrong = createBoundedMap<true>(MAX_KEPT);
  const underway = new Map<string, Promise<boolean>>();
  const queue = createQueue();

  const ask = async ({ user, password, hash, key }: Question): Promise<boolean> => {
    try {
      const isRight = await queue.run(() => verify(password, hash));
      return isRight && users().get(user) === hash;
    } catch (error) {
      onError(error);
      return false;
    } finally {
      underway.delete(key);
    }
  };
  const known = (key: string): boolean | Promise<boolean> | undefined => {
    if (right.get(key)) return true;
    return wrong.get(key) ? false : underway.get(key);
  };
  const judge = async (question: Question): Promise<boolean> => {
    const asking = ask(question);
    underway.set(question.key, asking);
    const isRight = await asking;
    (isRight ? right : wrong).set(question.key, true);
    return isRight;
  };
  return { known, judge, isFull: () => queue.length() >= MAX_QUEUE };
}

export function createBasicAuth(options: BasicAuthOptions): Guard {
  const { users, take } = options;
  const secret = randomBytes(32);
  const { known, judge, isFull } = createJudge(options);

  /** The user's hash is part of the key: another password, and what is known of the old one counts no more. */
  const questionOf = (credentials: Credentials): Question => {
    const { user, password } = credentials;
    const hash = users().get(user) ?? decoyOf(users());
    const hmac = createHmac('sha256', secret).update(`${user.length}:${user}${hash}`).update(password);
    return { ...credentials, hash, key: hmac.digest('base64') };
  };
  const waitMs = (peer: string | undefined): number => (isFull() ? QUEUE_MS : take(peer));
  return async ({ authorization = '', peer }) => {
    const credentials = readCredentials(authorization);
    if (credentials === undefined) return UNAUTHORIZED;
    const question = questionOf(credentials);
    const answer = known(question.key);
    const wait = answer === undefined ? waitMs(peer) : 0;
    if (wait > 0) return tooMany(wait);
    return (await (answer ?? judge(question))) ? undefined : UNAUTHORIZED;
  };
}

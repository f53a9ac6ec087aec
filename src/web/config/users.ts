/**
 * The users that a web configuration file lets in, and the hashes of their passwords.
 *
 * Shows neither. Knows nothing of how a password is checked.
 */

import type { NamedText, Section } from './section.ts';
import * as read from './section.ts';

/** `$2y$10$`, the salt and the hash, as `htpasswd -nBC 10` prints it. */
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MIN_COST = 4;
/** One more doubles the time that a check takes, and nothing else is done meanwhile: a fifth of a second at this. */
const MAX_COST = 12;

function userProblem({ name, text: hash }: NamedText): string | undefined {
  // Basic authentication ends a name at its first colon (RFC 7617).
  if (name === '' || name.includes(':')) return 'a user must have a name, without a colon';
  const cost = Number(BCRYPT.exec(hash)?.[1] ?? 0);
  if (cost === 0) return 'a password must be hashed with bcrypt: htpasswd -nBC 10 ""';
  const isInRange = cost >= MIN_COST && cost <= MAX_COST;
  return isInRange ? undefined : `bcrypt's cost must be from ${MIN_COST} to ${MAX_COST}, it is ${cost}`;
}

export function readUsers(web: Section): ReadonlyMap<string, string> {
  const users = read.named(web, 'basic_auth_users', userProblem);
  return new Map(users.map(({ name, text }) => [name, text]));
}

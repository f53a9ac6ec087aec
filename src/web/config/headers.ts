/**
 * The headers that a web configuration file has set on every answer.
 */
import { validateHeaderValue } from 'node:http';
import { HEADERS } from './go-names.ts';
import type { NamedText, Section } from './section.ts';
import * as read from './section.ts';

function isHeaderValue(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a header; nothing of its value is shown. */
function headerProblem({ name, text: value }: NamedText): string | undefined {
  const values = HEADERS.get(name);
  if (values === undefined) return `a header that cannot be set; known: ${[...HEADERS.keys()].join(', ')}`;
  if (values.length > 0 && !values.includes(value)) return `${name} must be ${values.join(' or ')}`;
  return isHeaderValue(name, value) ? undefined : `${name} has characters that no header may have`;
}

/** An empty value leaves the header as it is. */
export function readHeaders(http: Section): ReadonlyMap<string, string> {
  const headers = read.named(http, 'headers', headerProblem);
  return new Map(headers.filter(({ text }) => text !== '').map(({ name, text }) => [name, text]));
}

/**
 * Templates without the function `query`, for rulers that lack it.
 */

const ACTION = /(\{\{.*?\}\})/;
const OPENS = /^\{\{ (?:if|with|range) /;
const ENDS = /^\{\{ (?:else|end)\b/;
const QUERY = /\bquery [("]/;

/** Leaves out each block that runs a query; if it has an `else` for a query without results, that remains. */
export function withoutQueries(template: string): string {
  const parts = template.split(ACTION);
  let at = 0;
  const next = (): string => parts[at++] ?? '';

  /** Up to the `else` or `end` of the block. */
  const body = (): string => {
    let text = '';
    while (at < parts.length && !ENDS.test(parts[at] ?? ''))
      text += OPENS.test(parts[at] ?? '') ? block() : next();
    return text;
  };
  const block = (): string => {
    const open = next();
    let text = open + body();
    let last = '';
    while (parts[at] !== '{{ end }}') {
      const otherwise = next();
      last = body();
      text += otherwise + last;
    }
    text += next();
    return QUERY.test(open) ? last : text;
  };
  return body();
}

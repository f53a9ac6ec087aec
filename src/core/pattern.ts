/**
 * Patterns with a `*` in them, for audiences and for the names of volumes, and globs for paths.
 *
 * Pure. Never backtracks: pods choose their names and paths, so no text may make a match slow. Knows nothing of
 * what the texts stand for.
 */

/** Whether `text` is `pattern`, where a `*` stands for any text. Linear in the length of `text`. */
export function matchesPattern(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === text;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - tail.length;
}

/** Whether `path` is `glob`, where a `*` stands for any text within a part of it and `**` for any number of parts. */
export function matchesGlob(glob: string, path: string): boolean {
  const parts = path.split('/');
  const lengths = [...parts.keys(), parts.length];
  /** How many parts of the path the glob so far may stand for, in rising order. */
  let reached: readonly number[] = [0];
  for (const pattern of glob.split('/')) {
    const [least] = reached;
    if (least === undefined) return false;
    reached =
      pattern === '**'
        ? lengths.slice(least)
        : reached.filter((at) => isPart(pattern, parts[at])).map((at) => at + 1);
  }
  return reached.at(-1) === parts.length;
}

function isPart(pattern: string, part: string | undefined): boolean {
  return part !== undefined && matchesPattern(pattern, part);
}

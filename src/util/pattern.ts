/**
 * Wildcard patterns for audiences and volume names, and globs for paths.
 *
 * Neither backtracks: users of the cluster choose names and paths, and none of them may slow the exporter down.
 */

/** Whether the pattern matches the whole text. `*` matches any text. Linear in the length of the text. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop() ?? '';
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - tail.length;
}

/** Whether the glob matches the whole path. `*` matches any text but `/`, `**` any number of path components. */
export function matchesGlob(glob: string, path: string): boolean {
  const parts = path.split('/');
  const lengths = [...parts.keys(), parts.length];
  /** Numbers of leading components that the glob so far can match, ascending. */
  let reached: readonly number[] = [0];
  for (const pattern of glob.split('/')) {
    const [min] = reached;
    if (min === undefined) return false;
    reached =
      pattern === '**'
        ? lengths.slice(min)
        : reached.filter((at) => isPart(pattern, parts[at])).map((at) => at + 1);
  }
  return reached.at(-1) === parts.length;
}

function isPart(pattern: string, part: string | undefined): boolean {
  return part !== undefined && matchesPattern(pattern, part);
}

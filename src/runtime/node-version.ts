/**
 * The versions of Node that the program runs on.
 */

/** The first long-term support line with everything that the program uses; see docs/decisions/0013-node-versions.md. */
const MIN_VERSION = [24, 12] as const;

/** Returns the problem with a version like `v26.10.0`, if there is one. */
export function nodeVersionProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  const [minMajor, minMinor] = MIN_VERSION;
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return undefined;
  return `sa-token-exporter needs Node ${minMajor}.${minMinor} or later, but runs on ${version}`;
}

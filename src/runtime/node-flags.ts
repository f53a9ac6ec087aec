/**
 * Flags that make Node use less memory at the cost of speed: the exporter runs for months on every node of a fleet.
 *
 * Node reads them only at the start, so the process replaces itself once, in place. Measurements are in
 * docs/decisions/0009-memory-over-speed.md.
 */

/** No optimizing compilers, and a young generation of the heap that is collected early. */
export const MEMORY_FLAGS = ['--max-semi-space-size=1', '--optimize-for-size', '--no-opt', '--no-maglev'];
/**
 * glibc keeps a memory pool for each thread; one is enough. Once a large buffer was freed, it would also keep such buffers
 * in the pool, up to 64 MB of them. With a fixed threshold, larger ones go back to the kernel.
 */
export const MEMORY_ENVIRONMENT = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' };

export function hasMemoryFlags(execArgv: readonly string[]): boolean {
  return MEMORY_FLAGS.every((flag) => execArgv.includes(flag));
}

/** Arguments and environment of the process with the memory flags; flags that it was given override these and `more`. */
export function withMemoryFlags(
  { execPath, execArgv, argv, env }: Pick<NodeJS.Process, 'execPath' | 'execArgv' | 'argv' | 'env'>,
  more: readonly string[] = [],
) {
  return {
    argv: [execPath, ...MEMORY_FLAGS, ...more, ...execArgv, ...argv.slice(1)],
    env: { ...env, ...MEMORY_ENVIRONMENT },
  };
}

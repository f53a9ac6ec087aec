/**
 * A line of /proc/self/mountinfo, see proc_pid_mountinfo(5).
 */

export interface MountLine {
  /** `major:minor` of the file system. */
  readonly device: string;
  readonly point: string;
  readonly options: string;
}

/** The kernel writes spaces, tabs, line feeds and backslashes of a path as three octal digits. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Undefined if it is not such a line. */
export function parseMountLine(line: string): MountLine | undefined {
  const [, , device, , point, options] = line.split(' ', 6);
  if (device === undefined || point === undefined || options === undefined) return undefined;
  return { device, point: unescaped(point), options };
}

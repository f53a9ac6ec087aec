/**
 * Labels as they are printed. Knows the escaping of the exposition formats, which is the same in both.
 */
const SPECIAL = /[\\"\n]/;

/** Escapes a label value: backslash, double quote and line feed. */
export function escapeLabel(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** `a="1",b="2"`, in the order given. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

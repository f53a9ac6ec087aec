/**
 * The dashboard to draw, as the script of the page finds it.
 */
import type { Drawing } from '../responses.ts';

declare global {
  interface Window {
    readonly drawing: Drawing & { readonly theme: 'dark' | 'light'; readonly width: number };
  }
}

export const drawing = window.drawing;
export type Item = Drawing['panels'][number];

/** Interpolates variables as in Grafana. */
export function interpolate(text = ''): string {
  return text.replace(/\$\{(\w+)(?::[^}]*)?\}|\$(\w+)/g, (whole, braced, bare) => {
    return drawing.variables[braced ?? bare] ?? whole;
  });
}

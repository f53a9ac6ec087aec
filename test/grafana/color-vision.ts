/**
 * The distance of two colors for normal vision and for color vision deficiency, and their contrast.
 *
 * The simulation is that of Viénot, Brettel and Mollon (1999). The distance is in CIE Lab, where 10 is easy to see.
 */
type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Matrices for linear RGB. */
const VISION_TYPES = {
  'normal vision': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deuteranopia: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
} as const satisfies Readonly<Record<string, Matrix>>;
export type Vision = keyof typeof VISION_TYPES;
export const VISIONS = Object.keys(VISION_TYPES) as readonly Vision[];

const TO_XYZ: Matrix = [
  [0.4124, 0.3576, 0.1805],
  [0.2126, 0.7152, 0.0722],
  [0.0193, 0.1192, 0.9505],
];
const WHITE: Triple = [0.9505, 1, 1.089];

function apply(matrix: Matrix, [x, y, z]: Triple): Triple {
  const [a, b, c] = matrix.map((row) => row[0] * x + row[1] * y + row[2] * z);
  return [a ?? 0, b ?? 0, c ?? 0];
}

function linear(color: string): Triple {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [r ?? 0, g ?? 0, b ?? 0];
}

function lab(rgb: Triple): Triple {
  const xyz = apply(TO_XYZ, rgb);
  const [x, y, z] = xyz.map((value, index) => {
    const share = Math.max(0, value) / (WHITE[index] ?? 1);
    return share > 0.008856 ? Math.cbrt(share) : 7.787 * share + 16 / 116;
  });
  const [fx, fy, fz] = [x ?? 0, y ?? 0, z ?? 0];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

export function distance(a: string, b: string, vision: Vision): number {
  const [one, other] = [a, b].map((color) => lab(apply(VISION_TYPES[vision], linear(color))));
  return Math.hypot(...(one ?? []).map((value, index) => value - (other?.[index] ?? 0)));
}

function luminance(color: string): number {
  const [, y] = apply(TO_XYZ, linear(color));
  return y;
}

/** The contrast ratio of WCAG 2. */
export function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** The color in which Grafana writes on a background (`getTextColorForBackground` in @grafana/ui). */
export function textOn(background: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(background.slice(at, at + 2), 16));
  return (r * 299 + g * 587 + b * 114) / 1_000 > 180 ? '#202226' : '#F7F8FA';
}

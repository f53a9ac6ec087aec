/**
 * Random text and JSON values: what parsers, labels and terminals find hard.
 */
import type { Random } from './random.ts';

export type Json = Readonly<Record<string, unknown>>;

const STRINGS: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '/',
  'a/../b',
  'd//token',
  'd/token',
  './token',
  'token/',
  '__proto__',
  'constructor',
  'toString',
  'a"b',
  'a\\b',
  'a\nb',
  'a\r\nb',
  '\0',
  '\u001b[31m',
  '\u202e',
  '\u2028',
  '\ud800',
  'é',
  '漢字',
  '😀',
  '<script>alert(1)</script>',
  '&amp;',
  "'; drop table",
  '%00',
  '%s%n',
  '{{ .Values }}',
  '2026-11-24T06:26:40Z',
  '0000-00-00T00:00:00Z',
  '1e309',
  '-1',
  'NaN',
  'system:serviceaccount:payments:api',
  'system:serviceaccount::',
  'https://',
  'eyJhbGciOiJub25lIn0.e30.',
];

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  599,
  600,
  3_607,
  86_400,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e15,
  1e21,
  1e308,
  -1e308,
  5e-324,
];

/** Any characters, of any plane, and lone surrogates. */
function randomText(random: Random): string {
  const unit = (): string =>
    random.isOneIn(8)
      ? String.fromCharCode(random.below(0x1_0000))
      : String.fromCharCode(32 + random.below(95));
  return random.list(random.isOneIn(50) ? 5_000 : 40, unit).join('');
}

export function text(random: Random): string {
  return random.isOneIn(2) ? random.pick(STRINGS) : randomText(random);
}

function scalar(random: Random): unknown {
  return random.oneOf<unknown>(
    () => text(random),
    () => random.pick(NUMBERS),
    () => random.below(2 ** 31),
    () => random.pick([null, true, false]),
  );
}

function json(random: Random, depth = 3): unknown {
  if (depth === 0 || random.isOneIn(2)) return scalar(random);
  if (random.isOneIn(2)) return random.list(4, () => json(random, depth - 1));
  return Object.fromEntries(random.list(4, () => [text(random), json(random, depth - 1)] as const));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mutatedList(random: Random, values: readonly unknown[]): unknown {
  if (values.length === 0 || random.isOneIn(4)) return [...values, json(random, 1)];
  const at = random.below(values.length);
  if (random.isOneIn(4)) return [...values, values[at]];
  return values.map((value, index) => (index === at ? mutated(random, value) : value));
}

function mutatedObject(random: Random, value: Json): Json {
  const key = random.pick(Object.keys(value));
  if (random.isOneIn(8)) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  if (random.isOneIn(8)) return { ...value, [text(random)]: json(random, 1) };
  return { ...value, [key]: mutated(random, value[key]) };
}

/** The value with a change somewhere in it: a field replaced, removed, added or repeated. */
function mutated(random: Random, value: unknown): unknown {
  if (random.isOneIn(6)) return json(random, 2);
  if (Array.isArray(value)) return mutatedList(random, value);
  if (isObject(value) && Object.keys(value).length > 0) return mutatedObject(random, value);
  return json(random, 1);
}

/** The value as it is, or with a few changes. */
export function maybeMutated(random: Random, value: unknown): unknown {
  let result = value;
  for (let changes = random.pick([0, 0, 1, 1, 2, 4]); changes > 0; changes -= 1)
    result = mutated(random, result);
  return result;
}

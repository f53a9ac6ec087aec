/**
 * Finds the words of `lint/words.ts`, and decides which hits the exemptions cover.
 */
import { matchesGlob } from 'node:path';
import { type Pattern, WORD_RULES } from './words.ts';

export interface Hit {
  /** Starts at 1. */
  readonly line: number;
  /** In lower case, on one line. */
  readonly word: string;
  readonly write: string;
}

export interface Exemption {
  /** Glob of paths relative to the project. */
  readonly files: string;
  /** In lower case; `*` stands for every word. */
  readonly words: readonly string[] | '*';
  readonly reason: string;
}

/** A space, or a line break with the comment leader of the next line. */
const GAP = String.raw`(?:[^\S\n]+|[^\S\n]*\n[^\S\n]*(?:(?:\*|//|#|>) ?)?)`;

function sourceOf(avoid: string | Pattern): string {
  const source = typeof avoid === 'string' ? avoid : avoid.source;
  return source.replaceAll(' ', typeof avoid === 'string' ? GAP : ' ');
}

/** Longest first: an alternation takes the first that matches. */
const ENTRIES = WORD_RULES.flatMap(({ avoid, write }) =>
  avoid.map((one) => ({ source: sourceOf(one), write })),
).sort((a, b) => b.source.length - a.source.length);
const ALL = new RegExp(`(?<!\\w)(?:${ENTRIES.map(({ source }) => `(${source})`).join('|')})(?!\\w)`, 'gi');

export function findWords(text: string): readonly Hit[] {
  let line = 1;
  let from = 0;
  return [...text.matchAll(ALL)].map((match) => {
    const index = match.slice(1).findIndex((group) => group !== undefined);
    line += text.slice(from, match.index).split('\n').length - 1;
    from = match.index;
    const word = match[0].replaceAll(new RegExp(GAP, 'g'), ' ').toLowerCase();
    return { line, word, write: ENTRIES[index]?.write ?? '' };
  });
}

export function covers({ files, words }: Exemption, path: string, word: string): boolean {
  return matchesGlob(path, files) && (words === '*' || words.includes(word));
}

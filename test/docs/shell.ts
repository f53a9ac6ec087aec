/**
 * The commands in the documents, split into the words that a shell would pass on.
 */
import { DOCUMENTS } from './documents.ts';

/** A pipeline of commands, each as its words. */
export type Pipeline = readonly (readonly string[])[];

/** A word, or a separator of commands. Substitutions stay one word. */
const WORD = /\s*(?:(\|\||&&|[|;])|((?:'[^']*'|"(?:\\.|[^"\\])*"|\$\([^)]*\)|\\.|[^\s'"|;&]|&(?!&))+))/gy;

/** Removes quotes and backslashes. */
function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
  );
}

/** Splits a line into commands. Redirections are left out. */
export function splitLine(line: string): Pipeline {
  const commands: string[][] = [[]];
  for (const [, separator, word] of line.matchAll(WORD)) {
    if (separator !== undefined) commands.push([]);
    else if (word !== undefined && !/^\d?>/.test(word)) commands.at(-1)?.push(unquoted(word));
  }
  return commands.filter((words) => words.length > 0);
}

export interface Example {
  readonly document: string;
  readonly line: string;
}

/** The lines of the blocks without a language, joined at backslashes and without comments; not those with a tree of folders. */
export const EXAMPLES: readonly Example[] = DOCUMENTS.flatMap(({ name, text }) =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```/gms)]
    .flatMap(([, language, block = '']) => (language === '' ? [block.replaceAll('\\\n', ' ')] : []))
    .filter((block) => !/^\S*\/ /m.test(block))
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/(?:^|\s)# .*|\s+# *$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => ({ document: name, line })),
);

/**
 * The commands in the documents and the manifests, split into the words that a shell would pass on.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCUMENTS, ROOT } from './documents.ts';

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

/** Programs whose names in a sentence, followed by anything, are a command. */
const PROGRAMS =
  /^(?:kubectl|helm|npm|node|sa-token-exporter|\.ci\/\w+|docker|amtool|promtool|curl|git|kustomize) /;

/** Commands that a sentence only speaks of, without the operands that they need. */
const MENTIONS: readonly string[] = [
  'docker compose',
  'helm test',
  'kubectl apply -k',
  'kubectl create token',
  'kubectl describe pod',
  'kubectl exec',
  'kubectl logs --previous',
  'kubectl port-forward',
  'kubectl rollout restart',
  'kustomize build',
  'sa-token-exporter explain',
];

export interface Example {
  readonly document: string;
  readonly line: string;
}

/** The lines of the blocks without a language, joined at backslashes and without comments; not those with a tree of folders. */
function blockLines(text: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```/gms)]
    .flatMap(([, language, block = '']) => (language === '' ? [block.replaceAll('\\\n', ' ')] : []))
    .filter((block) => !/^\S*\/ /m.test(block))
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/(?:^|\s)# .*|\s+# *$/, '').trim())
    .filter((line) => line !== '');
}

/** The commands in sentences and tables, which may continue on the next line. */
function inlineCommands(text: string): readonly string[] {
  return [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)]
    .map(([, code = '']) => code.replace(/\s*\n\s*/g, ' '))
    .filter((code) => PROGRAMS.test(code) && !MENTIONS.includes(code));
}

/** The commands in comments of the manifests, and in what Helm prints after an installation. */
function manifestCommands(text: string): readonly string[] {
  const rendered = text.replaceAll(/\{\{.*?\}\}/g, 'sa-token-exporter');
  return [...rendered.matchAll(/^(?:# | {2})((?:kubectl|helm) .*)/gm)].map(([, line = '']) => line);
}

const MANIFESTS = globSync(['daemonset/**/kustomization.yaml', 'daemonset/chart/templates/NOTES.txt'], {
  cwd: ROOT,
}).map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }));

export const EXAMPLES: readonly Example[] = [
  ...DOCUMENTS.map(({ name, text }) => ({ name, lines: [...blockLines(text), ...inlineCommands(text)] })),
  ...MANIFESTS.map(({ name, text }) => ({ name, lines: manifestCommands(text) })),
].flatMap(({ name, lines }) => lines.map((line) => ({ document: name, line })));

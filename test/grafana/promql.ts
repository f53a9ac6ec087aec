/**
 * The selectors, matchers and grouping labels in a PromQL expression, parsed with the grammar of Prometheus.
 */
import { parser } from '@prometheus-io/lezer-promql';

type Tree = ReturnType<typeof parser.parse>;
type Node = Tree['topNode'];

export interface Selector {
  /** Empty if the selector has matchers only. */
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly op: string; readonly value: string }[];
  /** The range in `metric[range]` as written; undefined for an instant selector. */
  readonly range: string | undefined;
  /** The innermost function call that contains it. */
  readonly call: string | undefined;
}

export interface Parsed {
  /** Parts that are not PromQL. */
  readonly syntaxErrors: readonly string[];
  readonly selectors: readonly Selector[];
  /** Labels in `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
  readonly groupings: readonly string[];
}

/** The metrics that a selector can match. */
export function metricsOf({ metric, matchers }: Selector): readonly string[] {
  if (metric !== '') return [metric];
  return matchers.find(({ label }) => label === '__name__')?.value.split('|') ?? [];
}

/** Durations instead of Grafana's variables, which are not PromQL. */
const PLACEHOLDERS: readonly (readonly [string, string])[] = [
  ['$__rate_interval', '2m'],
  ['$__range', '1h'],
];

function withPlaceholders(expr: string): string {
  return PLACEHOLDERS.reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}

function nodesOf(tree: Tree): readonly Node[] {
  const nodes: Node[] = [];
  tree.iterate({ enter: (ref) => void nodes.push(ref.node) });
  return nodes;
}

function unquoted(text: string): string {
  return text.replace(/^["'`]|["'`]$/g, '');
}

function ancestor(node: Node, name: string): Node | undefined {
  for (let above = node.parent; above !== null; above = above.parent) if (above.name === name) return above;
  return undefined;
}

/** Parses an expression. Ranges are returned as written, with variables. */
export function parse(expr: string): Parsed {
  const text = withPlaceholders(expr);
  const nodes = nodesOf(parser.parse(text));
  const textOf = (node: Node | null | undefined): string =>
    node === null || node === undefined ? '' : text.slice(node.from, node.to);
  const written = (range: string): string =>
    PLACEHOLDERS.find(([name, value]) => value === range && expr.includes(`[${name}]`))?.[0] ?? range;

  const selectorOf = (node: Node): Selector => {
    const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : undefined;
    const range = /\[([^\]:]+)\]$/.exec(textOf(matrix))?.[1];
    const call = ancestor(node, 'FunctionCall');
    const matchers = nodes.filter(({ name, from, to }) => {
      return name.endsWith('LabelMatcher') && from >= node.from && to <= node.to;
    });
    return {
      metric: textOf(node.getChild('Identifier')),
      matchers: matchers.map((matcher) => {
        const [label, op, value] = /^(\w+)\s*(=~|!~|!=|=)\s*(.+)$/s.exec(textOf(matcher))?.slice(1) ?? [];
        return { label: label ?? '', op: op ?? '', value: unquoted(value ?? '') };
      }),
      range: range === undefined ? undefined : written(range),
      call: call === undefined ? undefined : textOf(call.getChild('FunctionIdentifier')),
    };
  };

  return {
    syntaxErrors: nodes
      .filter(({ type }) => type.isError)
      .map((node) => text.slice(node.from - 10, node.to + 10)),
    selectors: nodes.filter(({ name }) => name === 'VectorSelector').map(selectorOf),
    groupings: nodes
      .filter(({ name }) => name === 'GroupingLabels')
      .flatMap((node) => textOf(node).match(/\w+/g) ?? []),
  };
}

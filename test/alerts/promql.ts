/**
 * The metrics, matchers and labels in a PromQL expression, parsed with the grammar of Prometheus.
 */
import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Whether it is a range selector. */
  readonly isRange: boolean;
}

export interface Expression {
  readonly selectors: readonly Selector[];
  /** Of `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
  readonly labels: readonly string[];
}

function nodesOf(root: SyntaxNode, name: string): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  root.cursor().iterate(({ node }) => {
    if (node.name === name) found.push(node);
  });
  return found;
}

/** Throws if the text is not PromQL. */
export function parseExpression(text: string): Expression {
  const { topNode } = parser.parse(text);
  const textOf = ({ from, to }: SyntaxNode): string => text.slice(from, to);
  const [error] = nodesOf(topNode, '⚠');
  if (error !== undefined) throw new Error(`invalid PromQL at ${error.from}: ${text}`);
  const matcherOf = (node: SyntaxNode): Matcher => {
    const [label, operator, value] = [node.firstChild, node.firstChild?.nextSibling, node.lastChild];
    if (!label || !operator || !value) throw new Error(`invalid matcher: ${textOf(node)}`);
    return { label: textOf(label), operator: textOf(operator), value: JSON.parse(textOf(value)) };
  };
  return {
    selectors: nodesOf(topNode, 'VectorSelector').map((node) => ({
      metric: nodesOf(node, 'Identifier').map(textOf).join(),
      matchers: nodesOf(node, 'UnquotedLabelMatcher').map(matcherOf),
      isRange: node.parent?.name === 'MatrixSelector',
    })),
    labels: nodesOf(topNode, 'GroupingLabels').flatMap((node) => nodesOf(node, 'LabelName').map(textOf)),
  };
}

/** A duration in the notation of Prometheus, in seconds. */
export function seconds(duration: string): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const factor = { s: 1, m: 60, h: 3_600, d: 86_400 }[unit];
  if (factor === undefined) throw new Error(`invalid duration ${duration}`);
  return Number(count) * factor;
}

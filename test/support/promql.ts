import { createRequire } from 'node:module';
import type { SyntaxNode } from '@lezer/common';
import type { LRParser } from '@lezer/lr';

/** It is a CommonJS module whose types say that it is none. */
const { parser } = createRequire(__filename)('@prometheus-io/lezer-promql') as { readonly parser: LRParser };

/** One metric in a query, and what is asked of its labels. */
export interface Selected {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

export interface Query {
  readonly selected: readonly Selected[];
  /** The labels of `by`, `without`, `on`, `ignoring` and their like. */
  readonly labels: readonly string[];
}

/**
 * Takes a query of Prometheus apart, with Prometheus' own grammar.
 *
 * @throws {Error} when it is none
 */
export function readQuery(text: string): Query {
  const selected: Selected[] = [];
  const labels: string[] = [];
  const said = (node: SyntaxNode | null | undefined): string => (node ? text.slice(node.from, node.to) : '');

  parser.parse(text).iterate({
    enter: ({ name, type, node, from }) => {
      if (type.isError) throw new Error(`No query, from character ${from} on: ${text}`);
      if (name === 'GroupingLabels') labels.push(...node.getChildren('LabelName').map(said));
      if (name !== 'VectorSelector') return;
      const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => ({
        label: said(matcher.getChild('LabelName')),
        operator: said(matcher.getChild('MatchOp')),
        value: said(matcher.getChild('StringLiteral')).slice(1, -1),
      }));
      selected.push({ metric: said(node.getChild('Identifier')), matchers });
    },
  });
  return { selected, labels };
}

import ts from 'typescript';

/** What Stryker writes down, as far as it is read here. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** Both count from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Summary {
  readonly score: number;
  /** Without mutants of texts, of what is only said in the log, and of what only runs as a program of its own. */
  readonly scoreWithoutTexts: number;
  /** Those that are not text, one a line: where, what stands there, and what it was changed to. */
  readonly survivors: readonly string[];
}

const KILLED = new Set(['Killed', 'Timeout']);
const ALIVE = new Set(['Survived', 'NoCoverage']);

/** Sums a report up. */
export function summarize({ files }: MutationReport): Summary {
  const counted = Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const apart = notCounted(source);
    return mutants
      .filter(({ status }) => KILLED.has(status) || ALIVE.has(status))
      .map((mutant) => {
        const [start, end] = [offsetOf(source, mutant.location.start), offsetOf(source, mutant.location.end)];
        const isApart = apart.some((range) => range.start <= start && end <= range.end);
        return {
          isAlive: ALIVE.has(mutant.status),
          isText: mutant.mutatorName === 'StringLiteral' || isApart,
          place: `${file}:${mutant.location.start.line}`,
          line: mutant.location.start.line,
          change: `${shortened(source.slice(start, end))}  →  ${shortened(mutant.replacement ?? '')}`,
        };
      })
      .sort((a, b) => a.line - b.line);
  });
  const others = counted.filter(({ isText }) => !isText);
  return {
    score: scoreOf(counted),
    scoreWithoutTexts: scoreOf(others),
    survivors: others.filter(({ isAlive }) => isAlive).map(({ place, change }) => `${place}  ${change}`),
  };
}

function scoreOf(mutants: readonly { readonly isAlive: boolean }[]): number {
  return (100 * mutants.filter(({ isAlive }) => !isAlive).length) / mutants.length;
}

/**
 * Where the arguments of calls of a logger stand, `log.warn(…)`, `log[level](…)`, and what only runs as a program of its own,
 * `if (require.main === module) …`: test/e2e sees to that, in another process.
 */
function notCounted(source: string): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression;
      const isMember = ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee);
      if (isMember && ts.isIdentifier(callee.expression) && callee.expression.text === 'log')
        found.push({ start: node.arguments.pos, end: node.arguments.end });
    }
    if (ts.isIfStatement(node) && node.expression.getText(file) === 'require.main === module')
      found.push({ start: node.getStart(file), end: node.end });
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest);
  visit(file);
  return found;
}

function offsetOf(source: string, { line, column }: Position): number {
  const before = source.split('\n').slice(0, line - 1);
  return before.reduce((sum, text) => sum + text.length + 1, column - 1);
}

function shortened(code: string): string {
  const inOneLine = code.replace(/\s+/g, ' ');
  return inOneLine.length > 70 ? `${inOneLine.slice(0, 69)}…` : inOneLine;
}

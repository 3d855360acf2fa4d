import type { Spread } from './statistics';

/** One line of the results. */
export interface Figure {
  /** The heading it stands under. */
  readonly group: string;
  readonly what: string;
  readonly spread: Spread;
  readonly unit: string;
  /** What it should be; without one it is there to compare with. */
  readonly target?: Target;
}

export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
  /** How the target came about, where it is no fixed number. */
  readonly because?: string;
}

/** Tells whether a figure's median is what it should be; undefined without a target. */
export function isReached({ spread: { median }, target }: Figure): boolean | undefined {
  if (!target) return undefined;
  const { atLeast = -Infinity, atMost = Infinity } = target;
  return median >= atLeast && median <= atMost;
}

/** Processor time per event of one contestant, for the plot. */
export interface Bar {
  readonly scenario: string;
  readonly contestant: string;
  readonly ms: number;
}

/** What an experiment finds out. */
export interface Findings {
  readonly figures: readonly Figure[];
  readonly bars?: readonly Bar[];
  /** Named ratios to the floor, which a later short run compares with its own. */
  readonly ratios?: Readonly<Record<string, number>>;
}

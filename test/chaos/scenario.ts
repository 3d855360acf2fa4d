import type { Chance } from '../../src/simulator/random';

export type Engine = 'lmdb' | 'postgres';

/** What the command line asks for. */
export interface Setting {
  readonly engine: Engine;
  /** How many servers share the data. */
  readonly instances: number;
  readonly isShort: boolean;
  readonly random: Chance;
  readonly kills: number;
  readonly garbage: number;
  /** Says what happens meanwhile. */
  readonly say: (text: string) => void;
}

export interface Outcome {
  readonly good: boolean;
  /** What was measured. */
  readonly figures: string;
}

/** A fault, and what must come of it. */
export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  /** Where it can happen. */
  readonly engines: readonly Engine[];
  readonly fault: string;
  /** What may come of it at most. */
  readonly limit: string;
  /** What `--short` leaves out. */
  readonly shortened: string;
  /** A run that takes longer has failed. */
  readonly atMostSeconds: number;
  run(setting: Setting): Promise<Outcome>;
}

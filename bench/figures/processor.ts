import type { Run } from '../bench';
import { contestants, type Contestant } from '../contestants';
import type { Bar, Figure } from '../figure';
import { missing, perRound, processorPerEvent } from '../rounds';
import { spreadOf } from '../statistics';

/** The most that ours may cost, as a share of what another costs. */
export type Bounds = Partial<Record<Exclude<Contestant, 'ours'>, number>>;

/** The figures of processor time that every scenario has, with targets for some of the others. */
export function processorFigures(group: string, runs: Record<Contestant, Run[]>, bounds: Bounds): Figure[] {
  const costs = (name: Contestant) => runs[name].map(processorPerEvent);
  const each = contestants.map((name) => ({
    group,
    what: `processor time per event, ${name}`,
    spread: spreadOf(costs(name)),
    unit: 'ms',
  }));
  const ratios = (['tutorial', 'bottender', 'floor'] as const).map((name) => {
    const atMost = bounds[name];
    return {
      group,
      what: `ours ÷ ${name}`,
      spread: spreadOf(perRound(costs('ours'), costs(name))),
      unit: '×',
      ...(atMost !== undefined && { target: { atMost } }),
    };
  });
  return [...each, ...ratios, ...missingFigures(group, runs)];
}

/** Says which servers lost messages or refused POSTs; ours must not. */
function missingFigures(group: string, runs: Record<Contestant, Run[]>): Figure[] {
  return contestants.flatMap((name) => {
    const kinds = [
      ['POSTs refused', runs[name].map(({ refused }) => refused)],
      ['messages that never reached Graph', runs[name].map(missing)],
    ] as const;
    return kinds
      .filter(([, counts]) => name === 'ours' || counts.some((count) => count > 0))
      .map(([what, counts]) => ({
        group,
        what: `${what}, ${name}`,
        spread: spreadOf(counts),
        unit: '',
        ...(name === 'ours' && { target: { atMost: 0 } }),
      }));
  });
}

/** The bars of a scenario in the plot. */
export function processorBars(scenario: string, runs: Record<Contestant, Run[]>): Bar[] {
  return contestants.map((contestant) => ({
    scenario,
    contestant,
    ms: spreadOf(runs[contestant].map(processorPerEvent)).median,
  }));
}

/** What an event costs ours, in events of the floor's: that can be compared with another machine's. */
export function ratioToFloor({ ours, floor }: Readonly<Record<'ours' | 'floor', Run[]>>): number {
  return spreadOf(perRound(ours.map(processorPerEvent), floor.map(processorPerEvent))).median;
}

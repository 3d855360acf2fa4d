/** What an event costs ours ÷ what it costs the floor, by the name of the load. */
export type Ratios = Readonly<Record<string, number>>;

/** Machines and rounds differ; so much more is no accident any more. */
const MOST_TIMES = 2;

/**
 * Compares ratios with those of the last results.
 *
 * @returns a sentence for each that is too much, or that there is nothing to compare with; none when all is well
 */
export function findCostlier(last: Ratios, now: Ratios): string[] {
  return Object.entries(now).flatMap(([name, ratio]) => {
    const before = last[name];
    if (before === undefined) return [`The last results say nothing about "${name}": npm run bench writes them anew.`];
    if (ratio <= before * MOST_TIMES) return [];
    const [costs, cost] = [ratio.toFixed(2), before.toFixed(2)];
    return [
      `An event of "${name}" costs the bot ${costs} times what it costs the floor, more than twice the ${cost} times of the last results.`,
    ];
  });
}

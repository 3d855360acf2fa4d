/**
 * Does something for each item, for no more than so many at a time.
 *
 * @returns what comes of each, in the order of the items
 */
export function atMost<Item, Result>(
  most: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): readonly Promise<Result>[] {
  const begun: Promise<Result>[] = [];
  for (const [n, item] of items.entries()) {
    begun.push(Promise.allSettled([begun[n - most]]).then(() => work(item)));
  }
  return begun;
}

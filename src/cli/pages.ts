import { PAGE_OF_THE_TOKEN, type Page } from '../process/page-book';
import { UsageError } from './program';

/** A terminal does not show hundreds. */
const MOST_NAMED = 5;

/** What `--page` takes, in the help of each command. */
export const PAGE_OPTION = '--page <page>';

/** A Page in words, by its name and id; undefined for the only one that there is. */
export function describePage({ key, name }: Page): string | undefined {
  if (key === PAGE_OF_THE_TOKEN) return undefined;
  return name === undefined ? `Page ${key}` : `${name} (${key})`;
}

/**
 * The Pages that something is done for.
 *
 * @param wanted the id or the name of one; all of them otherwise
 * @throws {UsageError} when there is no such Page
 */
export function choosePages(pages: readonly Page[], wanted: string | undefined): readonly Page[] {
  if (wanted === undefined) return pages;
  const found = pages.find(({ key, name }) => wanted === key || wanted === name);
  if (found) return [found];
  if (pages[0]?.key === PAGE_OF_THE_TOKEN) {
    throw new UsageError('--page goes with PAGES_FILE: there is only the Page of PAGE_ACCESS_TOKEN.');
  }
  throw new UsageError(`PAGES_FILE has no Page ${JSON.stringify(wanted)}. There are ${firstOf(pages)}.`);
}

/**
 * The one Page that something is done for.
 *
 * @throws {UsageError} when it cannot be told which one is meant
 */
export function choosePage(pages: readonly Page[], wanted: string | undefined): Page {
  const [page, ...others] = choosePages(pages, wanted);
  if (page && others.length === 0) return page;
  throw new UsageError(`Which Page? Give --page with its id or its name: ${firstOf(pages)}.`);
}

function firstOf(pages: readonly Page[]): string {
  const more = pages.length - MOST_NAMED;
  const names = pages.slice(0, MOST_NAMED).map((page) => String(describePage(page)));
  return [...names, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

import { GraphError } from '../../messenger/graph-error';
import { atMost } from '../../process/at-most';
import { PAGE_OF_THE_TOKEN } from '../../process/page-book';
import { describePage } from '../pages';
import { checks } from './checks';
import { unknown, wrong, type Check, type Finding } from './finding';
import { NotChecked } from './not-checked';
import { formatFindings, formatHeading, formatSummary, type Found } from './report';
import { createSites, type Site, type SiteOptions } from './site';
import { describe, isRefusal, remedyFor } from './trouble';

/** A file system that hangs would keep everybody waiting. Calls have their own limit. */
const LIMIT_MS = 25_000;

/** So many Pages are looked at at a time. */
const PAGES_AT_ONCE = 10;

/**
 * Makes all checks at once; where there are several Pages, those of a few of them.
 *
 * @param options what is looked at
 * @param tell takes what each check has found, in the order of the list, as soon as it is known, and a summary
 * @throws {UsageError} when there is no Page of the name that is asked for
 */
export async function examineSite(options: SiteOptions, tell?: (text: string) => Promise<unknown>): Promise<Found> {
  const { common, ofPages } = createSites(options);
  const isList = common.page !== undefined && common.page.key !== PAGE_OF_THE_TOKEN;
  const fitting = checks.filter(({ ofList }) => isList || !ofList);
  const [ofAll, ofEach] = ofPages.length > 0 ? split(fitting) : [fitting, []];
  const found: Found[number][] = [];
  const take = async (running: Running): Promise<void> => {
    for (const [check, looking, page] of running) {
      const findings = await looking;
      found.push([check, findings, page]);
      await tell?.(formatFindings(check, findings));
    }
  };
  const own = common.page && describePage(common.page);
  const running = ofAll.map((check) => [check, make(check, common), check.scope && own] as const);
  const pages = atMost(PAGES_AT_ONCE, ofPages, async ([page, site]) => {
    const name = describePage(page);
    const made = site();
    const findings = ofEach.map((check) => [check, make(check, made), name] as const);
    await Promise.all(findings.map(([, looking]) => looking));
    return { name, findings };
  });
  await take(running);
  for (const page of pages) {
    const { name, findings } = await page;
    await tell?.(formatHeading(String(name)));
    await take(findings);
  }
  await tell?.(formatSummary(found));
  return found;
}

type Running = readonly (readonly [Check, Promise<readonly Finding[]>, string | undefined])[];

function split(all: readonly Check[]): readonly [common: readonly Check[], ofPage: readonly Check[]] {
  return [all.filter(({ scope }) => scope === undefined), all.filter(({ scope }) => scope === 'page')];
}

async function make(check: Check, site: Site): Promise<readonly Finding[]> {
  let limit: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    limit = setTimeout(reject, LIMIT_MS, new NotChecked(`it took longer than ${LIMIT_MS / 1_000} seconds.`));
  });
  try {
    return await Promise.race([Promise.resolve(site).then(check.look), tooLong]);
  } catch (error) {
    return [explain(error, site)];
  } finally {
    clearTimeout(limit);
  }
}

function explain(error: unknown, site: Site): Finding {
  if (error instanceof NotChecked) return unknown(`not checked, because ${error.message}`, error.remedy);
  if (!(error instanceof GraphError)) return unknown(`not checked, because ${(error as Error).message}`);
  const remedy = remedyFor(error, site.config());
  return isRefusal(error) ? wrong(describe(error), remedy) : unknown(`not checked: ${describe(error)}`, remedy);
}

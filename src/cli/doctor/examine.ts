import { GraphError } from '../../messenger/graph-error';
import { checks } from './checks';
import { unknown, wrong, type Check, type Finding } from './finding';
import { NotChecked } from './not-checked';
import { formatFindings, formatSummary, type Found } from './report';
import { createSite, type Site, type SiteOptions } from './site';
import { describe, isRefusal, remedyFor } from './trouble';

/** A file system that hangs would keep everybody waiting. Calls have their own limit. */
const LIMIT_MS = 25_000;

/**
 * Makes all checks at once.
 *
 * @param options what is looked at
 * @param tell takes what each check has found, in the order of the list, as soon as it is known, and a summary
 */
export async function examineSite(options: SiteOptions, tell?: (text: string) => Promise<unknown>): Promise<Found> {
  const site = createSite(options);
  const running = checks.map((check) => [check, make(check, site)] as const);
  const found: (readonly [Check, readonly Finding[]])[] = [];
  for (const [check, looking] of running) {
    const findings = await looking;
    found.push([check, findings]);
    await tell?.(formatFindings(check, findings));
  }
  await tell?.(formatSummary(found));
  return found;
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

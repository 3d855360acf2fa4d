import type { RequestHandler } from 'express';
import { graphErrors } from './graph-error';
import type { Platform } from './platform';

/** Lets every call to Graph meet the trouble that there is. */
export function beInTrouble({ trouble, clock, settings }: Platform): RequestHandler {
  return async (_req, _res, next) => {
    if (trouble.latencyMs > 0) await new Promise<void>((resolve) => clock.after(trouble.latencyMs, resolve));
    if (trouble.timeouts) return; // no answer, ever
    if (trouble.serverErrors) throw graphErrors.serverError();
    if (trouble.rateLimited) throw graphErrors.rateLimited(settings.pageId);
    next();
  };
}

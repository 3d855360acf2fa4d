import type { ErrorRequestHandler } from 'express';
import { isHttpError } from 'http-errors';
import type { Logger } from 'pino';

/** body-parser's own errors, in words for the person who sent the request. */
const parserErrors: Readonly<Record<string, { status: number; sentence: string }>> = {
  'entity.too.large': { status: 413, sentence: 'The body is larger than 5 MiB.' },
  'encoding.unsupported': { status: 415, sentence: 'Send the body uncompressed.' },
};

/**
 * The one place where an error becomes an answer: its status and one sentence as plain text. An error that is the sender's
 * fault is worth a debug line; one that is ours is logged as such and answered with 500, so that the platform tries again.
 *
 * @param log where refusals and failures are noted, without any part of the request's body
 */
export function refuseErrors(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const { status, sentence } = describe(error);
    if (status >= 500)
      log.error({ err: causeOf(error), method: req.method, path: req.path, status }, 'a request failed');
    else log.debug({ method: req.method, path: req.path, status, reason: sentence }, 'request refused');
    res.status(status).type('text/plain').send(sentence);
  };
}

function describe(error: unknown): { status: number; sentence: string } {
  if (!isHttpError(error) || !error.expose) {
    return { status: 500, sentence: 'Something went wrong here. Please try again.' };
  }
  const type: unknown = error['type'];
  return parserErrors[String(type)] ?? { status: error.status, sentence: error.message };
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

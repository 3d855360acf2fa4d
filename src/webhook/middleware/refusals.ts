import type { ErrorRequestHandler, Request, Response } from 'express';
import createError, { isHttpError, type HttpError } from 'http-errors';
import type { Logger } from 'pino';
import type { LimitedLog } from '../../process/limited-log';

/**
 * Makes an error that refuses a request.
 *
 * @param status of the answer
 * @param sentence for whoever sent it
 * @param remedy for whoever runs the bot; undefined where nobody need know of it
 */
export function refusal(status: number, sentence: string, remedy?: string): HttpError {
  return createError(status, sentence, { expose: true, remedy });
}

/** How long a client that is refused has to read its answer. */
export const ANSWER_MS = 500;

/** What the platform never sends. */
export const NOTHING_TO_DO = 'Nothing to do: the platform sends nothing like it, somebody else does.';

export interface Refusals {
  /** Answers a request with an error: its status, and one sentence as plain text. What is still to come of it is not read. */
  answer(error: unknown, req: Request, res: Response): void;
  /** The same for whatever a handler throws, unless it is answered already. */
  readonly handler: ErrorRequestHandler;
}

/**
 * Makes the one place where an error becomes an answer. Each one is worth a debug line. What the person who runs the bot should
 * know is a warning, at most once a minute; what is this server's fault is an error, and answered so that the platform tries again.
 *
 * @param log where that is said, without any part of a request's body
 * @param limited keeps count of what is said too often
 */
export function createRefusals(log: Logger, limited: LimitedLog): Refusals {
  /** Those that are refused: what comes of the rest of their request is nothing. */
  const answered = new WeakSet<Response>();

  const answer: Refusals['answer'] = (error, req, res) => {
    const { status, sentence, remedy } = describe(error);
    const { method, path } = req;
    log.debug({ method, path, status, reason: sentence }, 'request refused');
    if (status >= 500 && remedy === undefined) {
      const err = error instanceof Error && error.cause !== undefined ? error.cause : error;
      limited.count(`${status} ${String(err)}`, (times) => {
        log.error({ err, method, path, status, times }, 'requests failed');
      });
    } else if (remedy !== undefined) {
      limited.count(`${status} ${sentence}`, (times) => {
        log.warn({ method, status, times, reason: sentence, remedy }, 'requests were refused');
      });
    }
    answered.add(res);
    res.status(status).type('text/plain');
    if (hasBody(req) && !req.complete) answerEarly(req, res, sentence);
    else res.send(sentence);
  };
  return {
    answer,
    handler: (error: unknown, req, res, _next) => {
      if (!res.headersSent) answer(error, req, res);
      else if (!res.writableEnded && !answered.has(res)) {
        log.error({ err: error, method: req.method, path: req.path }, 'an answer was cut off');
        res.destroy();
      } // Otherwise it is refused already: this is what came of the rest of it.
    },
  };
}

/**
 * Answers who is still sending, and closes the connection once the answer has been read, or half a second later. Until then what
 * comes is thrown away: a connection that is closed with something unread on it is reset, and takes the answer back.
 */
function answerEarly(req: Request, res: Response, sentence: string): void {
  res.set({ Connection: 'close', 'Content-Length': String(Buffer.byteLength(sentence)) }).write(sentence);
  const end = () => res.end();
  const timer = setTimeout(end, ANSWER_MS).unref();
  res.once('close', () => {
    clearTimeout(timer);
  });
  req.once('end', end).resume();
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

interface Described {
  readonly status: number;
  readonly sentence: string;
  readonly remedy?: string | undefined;
}

/** body-parser's own errors, in words for the person who sent the request. */
const parserErrors: Readonly<Record<string, Described>> = {
  'encoding.unsupported': { status: 415, sentence: 'Send the body uncompressed.', remedy: NOTHING_TO_DO },
};

function describe(error: unknown): Described {
  if (!isHttpError(error) || !error.expose) {
    return { status: 500, sentence: 'Something went wrong here. Please try again.' };
  }
  const known = parserErrors[String(error['type'])];
  return known ?? { status: error.status, sentence: error.message, remedy: error['remedy'] as string | undefined };
}

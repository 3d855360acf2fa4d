import type { Request, RequestHandler, Response } from 'express';
import { NOTHING_TO_DO, refusal, type Refusals } from './refusals';

const MEBIBYTE = 1024 * 1024;

/** A full batch of events must fit; the usual 100 kB would lose it. */
export const LARGEST_BODY = 5 * MEBIBYTE;
/** What all requests together may hold before it is known who sent them. */
const MOST_HELD = 64 * MEBIBYTE;

/** How long a refused client has to read its answer. */
const ANSWER_MS = 500;

const tooLarge = () => refusal(413, 'The body is larger than 5 MiB.', NOTHING_TO_DO);
const tooMuch = () =>
  refusal(
    503,
    'Too much is being sent at this moment. Please send it again.',
    'Nothing to do: the platform delivers again. If it lasts, let the proxy limit how much one address may send.',
  );

/** What a piece costs beside its bytes: millions of pieces of a byte each would fill the memory otherwise. */
const PIECE_BYTES = 512;

interface Reading {
  readonly req: Request;
  readonly res: Response;
  bytes: number;
  /** What these take in memory. */
  held: number;
}

/**
 * Limits the memory that incomplete bodies take: their sender is not known yet. A body that says, or shows, that it is larger than 5 MiB is answered 413 at once; where all together are more than 64 MiB, the largest one is answered 503, so that
 * bodies of the usual size still get through. The connection is closed in both cases.
 *
 * @param refusals answers them
 * @param most how many bytes all may hold together
 */
export function holdBytes(refusals: Refusals, most = MOST_HELD): RequestHandler {
  const readings = new Set<Reading>();
  let held = 0;

  const letGo = (reading: Reading): void => {
    if (readings.delete(reading)) held -= reading.held;
  };

  const refuse = (reading: Reading, error: Error): void => {
    letGo(reading);
    refusals.answer(error, reading.req, reading.res);
    // What was read is let go with the connection; who does not read the answer is not waited for.
    setTimeout(() => reading.req.destroy(), ANSWER_MS).unref();
  };

  return (req, res, next) => {
    if (Number(req.get('Content-Length') ?? 0) > LARGEST_BODY) throw tooLarge();
    const reading: Reading = { req, res, bytes: 0, held: 0 };
    readings.add(reading);
    req.on('data', ({ length }: Buffer) => {
      if (!readings.has(reading)) return; // refused; its connection is being closed
      reading.bytes += length;
      reading.held += length + PIECE_BYTES;
      held += length + PIECE_BYTES;
      if (reading.bytes > LARGEST_BODY) refuse(reading, tooLarge());
      while (held > most) refuse(largestOf(readings), tooMuch());
    });
    const done = () => {
      letGo(reading);
    };
    req.on('end', done).on('close', done);
    next();
  };
}

function largestOf(readings: Iterable<Reading>): Reading {
  return [...readings].reduce((largest, one) => (one.held > largest.held ? one : largest));
}

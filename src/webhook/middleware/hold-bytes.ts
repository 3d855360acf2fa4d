import type { Request, RequestHandler, Response } from 'express';
import { ANSWER_MS, NOTHING_TO_DO, refusal, type Refusals } from './refusals';

const MEBIBYTE = 1024 * 1024;

/** A full batch of events must fit; the usual 100 kB would lose it. */
export const LARGEST_BODY = 5 * MEBIBYTE;
/** What all requests together may hold before it is known who sent them. */
const MOST_HELD = 64 * MEBIBYTE;

/** Up to this size a body is always begun: what the platform sends, but for large batches. */
const USUAL_BODY = 64 * 1024;

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
  /** How long the body is to be, as far as that is said. */
  readonly promised: number;
}

/**
 * Limits the memory that incomplete bodies take: their sender is not known yet. A body that says, or shows, that it is larger than
 * 5 MiB is answered 413 at once. One that would not fit into the 64 MiB of all together is answered 503 at once; where they take
 * more than that all the same, the largest one is, so that bodies of the usual size still get through. The connection is closed in
 * each case.
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
    const promised = Number(req.get('Content-Length') ?? 0) || 0;
    if (promised > LARGEST_BODY) throw tooLarge();
    if (promised > USUAL_BODY && promised + promisedBy(readings) > most) throw tooMuch();
    const reading: Reading = { req, res, bytes: 0, held: 0, promised };
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

function promisedBy(readings: Iterable<Reading>): number {
  return [...readings].reduce((sum, { promised, held }) => sum + Math.max(promised, held), 0);
}

function largestOf(readings: Iterable<Reading>): Reading {
  return [...readings].reduce((largest, one) => (one.held > largest.held ? one : largest));
}

import bodyParser from 'body-parser';
import type { Request, RequestHandler } from 'express';
import { countValues } from '../count-values';
import { bodySchema, countEvents } from '../payload';
import { isValidSignature } from '../verify-signature';
import { holdBytes, LARGEST_BODY } from './hold-bytes';
import { NOTHING_TO_DO, refusal, type Refusals } from './refusals';

/** The platform sends at most 1,000; to look at many more would hold up everybody else. */
const MOST_EVENTS = 5_000;
/** A full batch of the most intricate events has not as many. */
const MOST_VALUES = 150_000;

const COMPARE_SECRET =
  'Compare APP_SECRET with the App Dashboard under App settings > Basic. When this goes on for an hour, the platform unsubscribes the app.';

const NO_SIGNATURE = `${NOTHING_TO_DO} (npm run doctor tries it, too.) If it is the platform, a proxy between removes the header.`;

const OTHER_OBJECT =
  'In the App Dashboard under Webhooks, subscribe this address for "Page" and "Instagram" only, or let another server have the rest.';

export const SIGNATURE_HEADER = 'X-Hub-Signature-256';

/** JSON is UTF-8; another name of a charset in the header is a mistake of the sender. */
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;
const isUtf8 = (contentType: string) => /^utf-?8$/i.test(CHARSET.exec(contentType)?.[1] ?? 'utf-8');

/**
 * Reads a `POST /webhook` up to a checked body in `req.body`, or refuses it with one sentence: 401 for a signature that is
 * missing (the body is then not read) or wrong (not parsed), 415 for anything but JSON in UTF-8, 413 over 5 MiB, 150,000
 * values or 5,000 events, 400 for JSON that is broken or without an `entry` array, 404 for an `object` other than `page` and `instagram`.
 *
 * @param appSecrets tells the App Secrets that are accepted; with none, signatures are not checked
 * @param refusals answers what is refused before it is complete
 */
export function readBody(appSecrets: () => readonly string[], refusals: Refusals): RequestHandler[] {
  const checkSignature = (req: Request, bytes: Buffer) => {
    const secrets = appSecrets();
    if (secrets.length > 0 && !isValidSignature(bytes, req.get(SIGNATURE_HEADER), secrets)) {
      throw refusal(401, `${SIGNATURE_HEADER} does not match the body.`, COMPARE_SECRET);
    }
  };

  const refuseUnsigned: RequestHandler = (req, _res, next) => {
    if (appSecrets().length > 0 && req.get(SIGNATURE_HEADER) === undefined) {
      throw refusal(401, `The header ${SIGNATURE_HEADER} is missing: only the platform may post here.`, NO_SIGNATURE);
    }
    next();
  };

  // The bytes as they came: they are what was signed. Its JSON parser would decode and check what is checked here anyway.
  const readBytes = bodyParser.raw({ type: () => true, limit: LARGEST_BODY, inflate: false });

  const parse: RequestHandler = (req, _res, next) => {
    const read: unknown = req.body;
    const bytes = Buffer.isBuffer(read) ? read : Buffer.alloc(0);
    checkSignature(req, bytes);
    if (bytes.length === 0)
      throw refusal(400, 'The body is empty; it must be JSON with an "entry" array.', NOTHING_TO_DO);
    if (!req.is('json')) throw refusal(415, 'Send the body as application/json.', NOTHING_TO_DO);
    if (!isUtf8(String(req.get('Content-Type')))) {
      throw refusal(415, 'Send the body as application/json in UTF-8.', NOTHING_TO_DO);
    }
    if (countValues(bytes) > MOST_VALUES) {
      throw refusal(413, 'The body has more than 150,000 values.', NOTHING_TO_DO);
    }
    const parsed = parseJson(bytes);
    if (countEvents(parsed) > MOST_EVENTS) {
      throw refusal(413, 'The body has more than 5,000 entries or events.', NOTHING_TO_DO);
    }
    const result = bodySchema.safeParse(parsed);
    if (!result.success) {
      throw result.error.issues.some(({ path }) => path[0] === 'object')
        ? refusal(404, 'Only events of the objects "page" and "instagram" are known here.', OTHER_OBJECT)
        : refusal(400, 'The body must be a JSON object with an "entry" array.', NOTHING_TO_DO);
    }
    req.body = result.data;
    next();
  };

  return [refuseUnsigned, holdBytes(refusals), readBytes, parse];
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw refusal(400, 'The body is not valid JSON.', NOTHING_TO_DO);
  }
}

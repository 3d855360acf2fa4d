import bodyParser from 'body-parser';
import type { Request, RequestHandler } from 'express';
import createError from 'http-errors';
import { bodySchema } from '../payload';
import { isValidSignature } from '../verify-signature';

/** A full batch of events must fit; the usual 100 kB would lose it. */
const BODY_LIMIT = '5mb';

const SIGNATURE_HEADER = 'X-Hub-Signature-256';

/** JSON is UTF-8; another name of a charset in the header is a mistake of the sender. */
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;
const isUtf8 = (contentType: string) => /^utf-?8$/i.test(CHARSET.exec(contentType)?.[1] ?? 'utf-8');

/**
 * Reads a `POST /webhook` up to a checked body in `req.body`, or refuses it with one sentence: 401 for a signature that is
 * missing or wrong (the body is then not parsed), 415 for anything but JSON in UTF-8, 413 over 5 MiB, 400 for JSON that is
 * broken or without an `entry` array, 404 for an `object` other than `page` and `instagram`.
 *
 * @param appSecrets the App Secrets that are accepted; with none, signatures are not checked
 */
export function readBody(appSecrets: readonly string[]): RequestHandler[] {
  const checkSignature = (req: Request, bytes: Buffer) => {
    if (appSecrets.length > 0 && !isValidSignature(bytes, req.get(SIGNATURE_HEADER), appSecrets)) {
      throw createError(401, `${SIGNATURE_HEADER} does not match the body. Compare APP_SECRET with the App Dashboard.`);
    }
  };

  const refuseUnsigned: RequestHandler = (req, _res, next) => {
    if (appSecrets.length > 0 && req.get(SIGNATURE_HEADER) === undefined) {
      throw createError(401, `The header ${SIGNATURE_HEADER} is missing: only the platform may post here.`);
    }
    next();
  };

  // The bytes as they came: they are what was signed. Its JSON parser would decode and check what is checked here anyway.
  const readBytes = bodyParser.raw({ type: () => true, limit: BODY_LIMIT, inflate: false });

  const parse: RequestHandler = (req, _res, next) => {
    const read: unknown = req.body;
    const bytes = Buffer.isBuffer(read) ? read : Buffer.alloc(0);
    checkSignature(req, bytes);
    if (bytes.length === 0) throw createError(400, 'The body is empty; it must be JSON with an "entry" array.');
    if (!req.is('json')) throw createError(415, 'Send the body as application/json.');
    if (!isUtf8(String(req.get('Content-Type')))) {
      throw createError(415, 'Send the body as application/json in UTF-8.');
    }
    const result = bodySchema.safeParse(parseJson(bytes));
    if (!result.success) {
      throw result.error.issues.some(({ path }) => path[0] === 'object')
        ? createError(404, 'Only events of the objects "page" and "instagram" are known here.')
        : createError(400, 'The body must be a JSON object with an "entry" array.');
    }
    req.body = result.data;
    next();
  };

  return [refuseUnsigned, readBytes, parse];
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw createError(400, 'The body is not valid JSON.');
  }
}

import type { RequestHandler } from 'express';
import { equalInConstantTime } from '../constant-time';
import { NOTHING_TO_DO, refusal } from './refusals';

const COMPARE_TOKEN =
  'Compare VERIFY_TOKEN with the verify token in the App Dashboard under Webhooks; in .env, a value with a # needs quotes. (npm run doctor tries a wrong one, too.)';

/**
 * Answers the platform's `GET /webhook`, which proves that this server belongs to the app: the challenge as plain text
 * when the verify token is right, 403 otherwise.
 * A request without a token is no verification, and nobody need know of it.
 *
 * @param verifyToken tells the word entered in the App Dashboard; it can be replaced at any time
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#verification-requests
 */
export function answerVerification(verifyToken: () => string): RequestHandler {
  return ({ query }, res) => {
    const mode = query['hub.mode'];
    const token = query['hub.verify_token'];
    const challenge = query['hub.challenge'];
    res.type('text/plain').set('X-Content-Type-Options', 'nosniff'); // the challenge is whatever the sender wrote
    if (token === undefined) throw refusal(403, 'Only the platform is answered here: hub.verify_token is missing.');
    if (typeof token !== 'string' || !equalInConstantTime(token, verifyToken())) {
      throw refusal(403, 'The verify token is not the one that this bot knows.', COMPARE_TOKEN);
    }
    if (mode !== undefined && mode !== 'subscribe') {
      throw refusal(403, 'Only hub.mode=subscribe is answered.', NOTHING_TO_DO);
    }
    if (typeof challenge !== 'string') {
      throw refusal(400, 'The verify token is right, but hub.challenge is missing.', NOTHING_TO_DO);
    }
    res.send(challenge);
  };
}

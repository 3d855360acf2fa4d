import type { RequestHandler } from 'express';
import { equalInConstantTime } from '../constant-time';

/**
 * Answers the platform's `GET /webhook`, which proves that this server belongs to the app: the challenge as plain text
 * when the verify token is right, 403 otherwise.
 *
 * @param verifyToken the word entered in the App Dashboard
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#verification-requests
 */
export function answerVerification(verifyToken: string): RequestHandler {
  return ({ query }, res) => {
    const mode = query['hub.mode'];
    const token = query['hub.verify_token'];
    const challenge = query['hub.challenge'];
    res.type('text/plain').set('X-Content-Type-Options', 'nosniff'); // the challenge is whatever the sender wrote
    if (typeof token !== 'string' || !equalInConstantTime(token, verifyToken)) {
      res
        .status(403)
        .send(
          'The verify token is not the one this bot was started with. Compare VERIFY_TOKEN with the App Dashboard.',
        );
    } else if (mode !== undefined && mode !== 'subscribe') {
      res.status(403).send('Only hub.mode=subscribe is answered.');
    } else if (typeof challenge !== 'string') {
      res.status(400).send('The verify token is right, but hub.challenge is missing.');
    } else {
      res.send(challenge);
    }
  };
}

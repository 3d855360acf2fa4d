import { timingSafeEqual } from 'node:crypto';
import express, { Router, type Request, type RequestHandler } from 'express';
import { describeToken, fill } from './access';
import { beInTrouble } from './be-in-trouble';
import { graphErrors } from './graph-error';
import type { Platform } from './platform';
import { readFields } from './subscriptions';

/**
 * What is called with an app token (`APP_ID|APP_SECRET`): the app's webhook subscription, with the real verification request, and
 * `debug_token`.
 *
 * @see https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
 */
export function appApi(platform: Platform): Router {
  const { settings, webhooks } = platform;
  const { subscription } = webhooks;
  const appToken = `${settings.appId}|${settings.appSecret}`;
  const valueOf = (req: Request, name: string): string => {
    const value = req.query[name] ?? (req.body as Record<string, unknown> | undefined)?.[name];
    return typeof value === 'string' ? value : Array.isArray(value) ? value.join() : '';
  };

  const authorise: RequestHandler = (req, _res, next) => {
    const given = Buffer.from(valueOf(req, 'access_token'));
    const expected = Buffer.from(appToken);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw graphErrors.tokenInvalid();
    next();
  };

  const subscribe: RequestHandler = async (req, res) => {
    if (valueOf(req, 'object') !== 'page') throw graphErrors.parameter('object', 'must be page');
    const fields = readFields(valueOf(req, 'fields'), 'fields');
    const callbackUrl = valueOf(req, 'callback_url');
    if (!URL.canParse(callbackUrl)) throw graphErrors.parameter('callback_url', 'must be an address');
    await verify(platform, callbackUrl, valueOf(req, 'verify_token'));
    subscription.callbackUrl = callbackUrl;
    subscription.isActive = true;
    fill(subscription.appFields, fields);
    res.json({ success: true });
  };

  const router = Router();
  const parse = [express.json({ limit: '1mb' }), express.urlencoded({ extended: false })];
  const subscriptions = [`/${settings.appId}/subscriptions`, `/:version/${settings.appId}/subscriptions`];
  router.use([...subscriptions, '/debug_token', '/:version/debug_token'], beInTrouble(platform));
  router.post(subscriptions, ...parse, authorise, subscribe);
  router.get(subscriptions, authorise, (_req, res) => {
    const { callbackUrl, isActive, appFields } = subscription;
    res.json({
      data:
        callbackUrl === undefined
          ? []
          : [
              {
                object: 'page',
                callback_url: callbackUrl,
                active: isActive,
                fields: [...appFields].map((name) => ({ name, version: 'v26.0' })),
              },
            ],
    });
  });
  router.delete(subscriptions, ...parse, authorise, (_req, res) => {
    subscription.callbackUrl = undefined;
    subscription.appFields.clear();
    res.json({ success: true });
  });
  router.get(['/debug_token', '/:version/debug_token'], authorise, (req, res) => {
    res.json({ data: describeToken(platform, valueOf(req, 'input_token')) });
  });
  return router;
}

/** Asks the callback to prove that it belongs to the app. @see https://developers.facebook.com/docs/messenger-platform/webhooks#verification-requests */
async function verify({ wire, clock }: Platform, callbackUrl: string, verifyToken: string): Promise<void> {
  const challenge = String(Math.floor(clock.now() % 1_000_000_000));
  const url = new URL(callbackUrl);
  url.searchParams.set('hub.mode', 'subscribe');
  url.searchParams.set('hub.verify_token', verifyToken);
  url.searchParams.set('hub.challenge', challenge);
  const entry = wire.add({
    at: clock.now(),
    direction: 'webhook',
    title: 'verification',
    method: 'GET',
    path: url.pathname,
    psid: undefined,
    owner: undefined,
    request: { 'hub.mode': 'subscribe', 'hub.challenge': challenge },
  });
  const start = performance.now();
  const { status, response } = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    .then(async (answer) => ({ status: answer.status, response: (await answer.text()).slice(0, 200) }))
    .catch(() => ({ status: 0, response: 'no answer' }));
  wire.finish(entry, { status, ms: Math.round(performance.now() - start), owner: undefined, response });
  if (status !== 200 || response !== challenge) {
    const answered = status === 0 ? 'nothing' : String(status);
    throw graphErrors.parameter('callback_url', `could not be verified: it answered ${answered} and not the challenge`);
  }
}

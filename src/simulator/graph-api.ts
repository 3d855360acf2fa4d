import { createHmac } from 'node:crypto';
import express, { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { beInTrouble } from './be-in-trouble';
import type { Conversation } from './conversation';
import { isTokenAlive } from './access';
import { SimulatedGraphError, graphErrors } from './graph-error';
import type { Platform } from './platform';
import { DAY } from './settings';
import { subscriptionRoutes } from './subscriptions';

/*
 * The Graph endpoints that a bot uses, versioned or not, under /me and under the Page's id.
 * https://developers.facebook.com/docs/messenger-platform/reference/send-api
 * https://developers.facebook.com/docs/messenger-platform/conversation-routing
 */

const LONGEST_EXTENSION_SECONDS = (7 * DAY) / 1_000;
const LIMITS = { text: 2_000, quickReplies: 13, payload: 1_000 } as const;

const appId = z.union([z.string().regex(/^\d+$/), z.number().int()]).transform(String);
const quickReply = z.object({
  content_type: z.literal('text'),
  title: z.string().min(1),
  payload: z.string().min(1).max(LIMITS.payload),
});
const message = z.object({
  text: z.string().min(1).max(LIMITS.text),
  quick_replies: z.array(quickReply).max(LIMITS.quickReplies).default([]),
});
const shapes = {
  recipient: z.object({ id: z.string().min(1) }),
  message: message.optional(),
  messaging_type: z.enum(['RESPONSE', 'UPDATE', 'MESSAGE_TAG']).optional(),
  sender_action: z.enum(['typing_on', 'typing_off', 'mark_seen']).optional(),
  thread_control: z.object({ control_type: z.enum(['pass', 'release']), app_id: appId.optional() }).optional(),
  target_app_id: appId,
  duration: z.number().int().min(1).max(LONGEST_EXTENSION_SECONDS),
  metadata: z.string().optional(),
} as const;

/** Reads a parameter; a missing or wrong one is refused by its name. */
function parameter<Name extends keyof typeof shapes>(req: Request, name: Name): z.output<(typeof shapes)[Name]> {
  const body = (req.body ?? {}) as Readonly<Record<string, unknown>>;
  const result = shapes[name].safeParse(body[name]);
  if (!result.success) throw graphErrors.parameter(name, describe(result.error, body[name] === undefined));
  return result.data as z.output<(typeof shapes)[Name]>;
}

function describe({ issues: [issue] }: z.ZodError, missing: boolean): string {
  if (missing || !issue) return 'is required';
  return issue.path.length === 0
    ? `is not valid: ${issue.message}`
    : `is not valid at ${issue.path.join('.')}: ${issue.message}`;
}

/**
 * The Graph API of the simulated platform.
 *
 * @param platform what the calls act on
 */
export function graphApi(platform: Platform): Router {
  const { settings, access } = platform;
  const calls: Readonly<Record<string, (req: Request) => object>> = {
    'POST messages': (req) => sendMessage(platform, req),
    'POST pass_thread_control': (req) => {
      const conversation = recipientOf(platform, req);
      const target = parameter(req, 'target_app_id');
      platform.assertMayWrite(conversation);
      platform.pass(conversation, target, parameter(req, 'metadata'));
      return { success: true };
    },
    'POST take_thread_control': (req) => {
      platform.take(recipientOf(platform, req));
      return { success: true };
    },
    'POST release_thread_control': (req) => {
      platform.release(recipientOf(platform, req));
      return { success: true };
    },
    'POST request_thread_control': (req) => {
      recipientOf(platform, req);
      return { success: true };
    },
    'POST extend_thread_control': (req) => {
      platform.extend(recipientOf(platform, req), parameter(req, 'duration'));
      return { success: true };
    },
    'GET thread_owner': (req) => threadOwner(platform, platform.recipient(textOf(req.query['recipient'], ''))),
    'GET ': (req) => describePage(platform, textOf(req.query['fields'], 'id,name')),
    ...subscriptionRoutes(platform),
  };

  const authorise: RequestHandler = (req, _res, next) => {
    const token = req.query['access_token'] ?? req.get('Authorization')?.replace(/^Bearer /i, '');
    if (!isTokenAlive(platform) || token !== settings.pageAccessToken) throw graphErrors.tokenInvalid();
    const proof = req.query['appsecret_proof'];
    if (proof === undefined && settings.requireProof) throw graphErrors.proofMissing();
    const expected = createHmac('sha256', settings.appSecret).update(settings.pageAccessToken).digest('hex');
    if (proof !== undefined && proof !== expected) throw graphErrors.proofInvalid();
    next();
  };

  const answer: RequestHandler<{ call?: string }> = (req, res) => {
    const call = calls[`${req.method} ${req.params.call ?? ''}`];
    if (!call) throw graphErrors.unknownPath(req.path);
    if (access.tokenType === 'USER' && req.params.call !== undefined) throw graphErrors.notAPage();
    res.json(call(req));
  };

  const router = Router();
  const page = [
    `/me{/:call}`,
    `/${settings.pageId}{/:call}`,
    `/:version/me{/:call}`,
    `/:version/${settings.pageId}{/:call}`,
  ];
  router.all(
    page,
    express.json({ limit: '1mb' }),
    express.urlencoded({ extended: false }),
    noteOnWire(platform),
    beInTrouble(platform),
    authorise,
    answer as RequestHandler,
  );
  return router;
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function recipientOf(platform: Platform, req: Request): Conversation {
  return platform.recipient(parameter(req, 'recipient').id);
}

function sendMessage(platform: Platform, req: Request): object {
  const conversation = recipientOf(platform, req);
  const action = parameter(req, 'sender_action');
  const sent = parameter(req, 'message');
  parameter(req, 'messaging_type');
  const control = parameter(req, 'thread_control');
  if (sent && action) throw graphErrors.parameter('sender_action', 'must not be sent together with a message');
  if (!sent && !action) throw graphErrors.parameter('message', 'is required');
  if (control?.control_type === 'pass' && control.app_id === undefined)
    throw graphErrors.parameter('thread_control.app_id', 'is required');
  if (control && platform.trouble.noDefaultApplication) throw graphErrors.noDefaultApplication();
  if (!sent) {
    platform.assertMayWrite(conversation);
    return { recipient_id: conversation.psid };
  }
  const quickReplies = sent.quick_replies.map(({ title, payload }) => ({ title, payload }));
  const mid = platform.botWrites(conversation, { text: sent.text, quickReplies });
  if (control?.control_type === 'release') platform.release(conversation);
  else if (control?.app_id !== undefined) platform.pass(conversation, control.app_id);
  return { recipient_id: conversation.psid, message_id: mid };
}

function threadOwner(platform: Platform, conversation: Conversation): object {
  const owner = platform.ownerOf(conversation);
  if (owner === undefined) return { data: [] };
  return { data: [{ thread_owner: { app_id: owner, expiration: Math.floor(conversation.ownedUntil / 1_000) } }] };
}

function describePage({ settings, trouble, access }: Platform, fields: string): object {
  const person = { id: '10158000000000001', name: 'Ada Admin' };
  const page: Readonly<Record<string, unknown>> = {
    id: settings.pageId,
    name: settings.pageName,
    messaging_feature_status: { hop_v2: !trouble.noDefaultApplication, msgr_multi_app: true, ig_multi_app: false },
  };
  const all: Readonly<Record<string, unknown>> = access.tokenType === 'USER' ? person : page;
  const wanted = fields.split(',').map((field) => field.trim());
  const unknown = wanted.find((field) => !Object.hasOwn(all, field));
  if (unknown !== undefined) throw graphErrors.parameter('fields', `names a field that does not exist: ${unknown}`);
  return { id: all['id'], ...Object.fromEntries(wanted.map((field) => [field, all[field]])) };
}

/** Shows the call and its answer on the wire, without the token. */
function noteOnWire(platform: Platform): RequestHandler {
  const { wire, clock, conversations } = platform;
  return (req, res, next) => {
    const body = req.body as { recipient?: { id?: string } } | undefined;
    const psid = body?.recipient?.id ?? (req.query['recipient'] as string | undefined);
    const call = req.path.split('/').at(-1) ?? '';
    const entry = wire.add({
      at: clock.now(),
      direction: 'graph',
      title: call,
      method: req.method,
      path: req.path,
      psid,
      owner: undefined,
      request: body ?? null,
    });
    const start = performance.now();
    let sent: unknown;
    const json = res.json.bind(res);
    res.json = (answer: unknown) => {
      sent = answer;
      return json(answer);
    };
    res.once('close', () => {
      const conversation = psid === undefined ? undefined : conversations.get(psid);
      const owner = conversation && platform.ownerOf(conversation);
      const response = res.writableFinished ? sent : 'no answer';
      wire.finish(entry, {
        status: res.writableFinished ? res.statusCode : 0,
        ms: Math.round(performance.now() - start),
        owner,
        response,
      });
    });
    next();
  };
}

/** Answers an error in the platform's own shape. */
export function answerGraphError(platform: Platform): ErrorRequestHandler {
  return (error: unknown, _req, res: Response, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const known = error instanceof SimulatedGraphError ? error : graphErrors.parameter('body', 'is not valid JSON');
    const { status, code, subcode, message: text, headers } = known;
    const type = code === 190 || code === 10 ? 'OAuthException' : 'GraphMethodException';
    const error_subcode = subcode !== undefined && { error_subcode: subcode };
    const transient = code === 1 && { is_transient: true };
    res
      .status(status)
      .set(headers)
      .json({ error: { message: text, type, code, ...error_subcode, ...transient, fbtrace_id: platform.id('A') } });
  };
}

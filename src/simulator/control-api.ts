import express, { Router, type ErrorRequestHandler, type Request } from 'express';
import { z } from 'zod';
import { fill, setUp } from './access';
import { SimulatorError, type Platform } from './platform';
import { FIELDS } from './settings';
import { takeSnapshot } from './snapshot';
import { noTrouble, readTrouble } from './trouble';
import type { WireEntry } from './wire';

const LONGEST_WAIT_MS = 60_000;
const QUIET_FOR_MS = 250;
const UPDATE_EVERY_MS = 40;

const texts = z.object({ text: z.string().min(1).max(2_000) });
const names = z.object({ name: z.string().min(1).max(60) });
const payloads = z.object({ payload: z.string().min(1) });
const requests = z.object({ psid: z.string(), metadata: z.string().optional() });
const times = z.object({
  advanceMs: z
    .number()
    .int()
    .min(0)
    .max(366 * 24 * 3_600_000),
});
const blocks = z.object({ blocked: z.boolean() });
const callbacks = z.object({ callbackUrl: z.url(), fields: z.array(z.enum(FIELDS)).optional() });
const sessions = z.object({
  wire: z.array(
    z.looseObject({
      direction: z.string(),
      title: z.string(),
      psid: z.string().optional(),
      // what is not JSON throws here, before anything is replayed
      raw: z.object({ body: z.string().refine((text) => JSON.parse(text) !== undefined) }).optional(),
    }),
  ),
});

/**
 * The control API: what the page and programs use to act as customers and as the agent, to make trouble, and to look. All of it
 * speaks JSON; a wish that cannot be fulfilled is answered with `{"error": "…"}`.
 *
 * @param platform what is acted on
 */
export function controlApi(platform: Platform): Router {
  const { wire, webhooks, clock, trouble } = platform;
  const router = Router();
  const done = { ok: true };

  /** A form of another site cannot send JSON without asking first. */
  router.use(
    (req, _res, next) => {
      if (req.method !== 'GET' && !req.is('json')) throw new SimulatorError(415, 'Send the body as application/json.');
      next();
    },
    express.json({ limit: '20mb' }),
  );

  const on = (method: 'get' | 'post' | 'put', path: string, act: (req: Request<Record<string, string>>) => unknown) =>
    router[method](path, async (req: Request<Record<string, string>>, res) => {
      res.json((await act(req)) ?? done);
    });

  on('post', '/customers', (req) => ({ psid: platform.createCustomer(names.parse(req.body).name).psid }));
  on('post', '/customers/:psid/messages', (req) => {
    platform.customerWrites(psidOf(req), texts.parse(req.body).text);
  });
  on('post', '/customers/:psid/taps', (req) => {
    platform.customerTaps(psidOf(req), payloads.parse(req.body).payload);
  });
  on('post', '/customers/:psid/get-started', (req) => {
    platform.customerGetsStarted(psidOf(req));
  });
  on('post', '/customers/:psid/looks', (req) => {
    platform.customerLooks(psidOf(req));
  });
  on('put', '/customers/:psid/blocked', (req) => {
    platform.block(psidOf(req), blocks.parse(req.body).blocked);
  });
  on('post', '/agent/:psid/messages', (req) => {
    platform.agentWrites(psidOf(req), texts.parse(req.body).text);
  });
  on('post', '/agent/:psid/done', (req) => {
    platform.agentIsDone(psidOf(req));
  });
  on('post', '/apps/:app/request', (req) => {
    const { psid, metadata } = requests.parse(req.body);
    platform.appRequests(psid, String(req.params['app']), metadata);
  });

  on('put', '/trouble', (req) => {
    Object.assign(trouble, readTrouble(z.record(z.string(), z.unknown()).parse(req.body)));
    wire.emit('change');
    return trouble;
  });
  on('post', '/trouble/none', () => {
    Object.assign(trouble, noTrouble);
    wire.emit('change');
  });
  on('post', '/time', (req) => {
    clock.advance(times.parse(req.body).advanceMs);
    wire.emit('change');
    return { now: clock.now() };
  });
  on('put', '/webhook', (req) => {
    const { callbackUrl, fields = FIELDS } = callbacks.parse(req.body);
    const { subscription } = webhooks;
    subscription.callbackUrl = callbackUrl;
    subscription.isActive = true;
    for (const set of [subscription.appFields, subscription.pageFields]) fill(set, fields);
  });
  on('put', '/setup', (req) => {
    setUp(platform, req.body);
    wire.emit('change');
  });

  on('get', '/state', () => takeSnapshot(platform));
  on('get', '/wire/:id', (req) => find(platform, req));
  on('get', '/wire/:id/curl', (req) => ({
    curl: asCurl(find(platform, req), webhooks.subscription.callbackUrl ?? ''),
  }));
  on('post', '/wire/:id/again', (req) => {
    const { raw, psid, title } = find(platform, req);
    if (!raw) throw new SimulatorError(409, 'Only a webhook can be sent again.');
    webhooks.sendAgain(raw.body, psid, title);
  });
  on('post', '/wire/clear', () => {
    wire.clear();
  });
  on('get', '/transcript', () => ({
    savedAt: clock.now(),
    customers: [...platform.conversations.values()],
    wire: wire.entries,
  }));
  on('post', '/replay', (req) => {
    const replayed = sessions.parse(req.body).wire.filter(({ raw }) => raw !== undefined);
    for (const { raw, psid, title } of replayed) if (raw) webhooks.sendAgain(raw.body, psid, title);
    return { replayed: replayed.length };
  });
  on('get', '/quiet', (req) => waitForQuiet(platform, Number(req.query['timeoutMs'] ?? 10_000)));
  router.get('/events', (req, res) => {
    res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    res.flushHeaders();
    let planned: NodeJS.Timeout | undefined;
    const send = () => {
      planned = undefined;
      res.write(`data: ${JSON.stringify(takeSnapshot(platform))}\n\n`);
    };
    const plan = () => (planned ??= setTimeout(send, UPDATE_EVERY_MS));
    send();
    wire.on('change', plan);
    req.on('close', () => {
      wire.off('change', plan);
      clearTimeout(planned);
    });
  });
  router.use(() => {
    throw new SimulatorError(404, 'There is no such control.');
  });
  router.use(answerError);
  return router;
}

const answerError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const message =
    error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  const status = error instanceof SimulatorError ? error.status : 400;
  res.status(status).json({ error: message });
};

function psidOf(req: Request<Record<string, string>>): string {
  return String(req.params['psid']);
}

function find({ wire }: Platform, req: Request<Record<string, string>>): WireEntry {
  const entry = wire.find(Number(req.params['id']));
  if (!entry) throw new SimulatorError(404, `There is no entry ${String(req.params['id'])} on the wire.`);
  return entry;
}

/** The same request as a line for a shell. */
function asCurl({ raw }: WireEntry, url: string): string {
  if (!raw) throw new SimulatorError(409, 'Only a webhook can be copied as a curl line.');
  const body = raw.body.replaceAll("'", String.raw`'\''`);
  return `curl -i -X POST '${url}' -H 'Content-Type: application/json' -H 'X-Hub-Signature-256: ${raw.signature}' -d '${body}'`;
}

/** Waits until nothing has gone over the wire for a moment and nothing is under way. */
async function waitForQuiet({ wire, webhooks }: Platform, timeoutMs: number): Promise<{ quiet: boolean }> {
  const end = Date.now() + Math.min(Math.max(0, timeoutMs), LONGEST_WAIT_MS);
  let quietSince = Date.now();
  const restless = () => (quietSince = Date.now());
  wire.on('change', restless);
  try {
    while (Date.now() < end) {
      const open = wire.entries
        .slice(-100)
        .some(({ status, direction }) => status === undefined && direction !== 'note');
      if (webhooks.pending > 0 || open) restless();
      if (Date.now() - quietSince >= QUIET_FOR_MS) return { quiet: true };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { quiet: false };
  } finally {
    wire.off('change', restless);
  }
}

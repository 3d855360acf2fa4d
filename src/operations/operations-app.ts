import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from '../process/logger';
import type { Reason } from './readiness';

export interface OperationsOptions {
  readonly log: Logger;
  readonly reasons: () => Promise<readonly Reason[]>;
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
  readonly state: () => Promise<object>;
  /** Tells this bot from another one on the same machine; undefined where it keeps its events in a database. */
  readonly dataDir: string | undefined;
  /** Only whoever speaks to this machine by a name of its own is answered: web pages elsewhere could give it another one. */
  readonly onlyLoopback: boolean;
}

/** Makes what is for operators only: health, readiness, metrics and state. */
export function createOperationsApp({
  log,
  reasons,
  metrics,
  state,
  dataDir,
  onlyLoopback,
}: OperationsOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (onlyLoopback) app.use(onlyFromThisMachine);
  app.use((req, res, next) => {
    res.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    if (req.method === 'GET' || req.method === 'HEAD') next();
    else res.status(405).set('Allow', 'GET, HEAD').type('text/plain').send('Use GET.');
  });
  app.get('/healthz', alive);
  app.get('/readyz', async (_req, res) => {
    const why = await reasons();
    res.status(why.length === 0 ? 200 : 503).json({ ready: why.length === 0, reasons: why, dataDir });
  });
  app.get('/metrics', async (_req, res) => {
    const text = await metrics.text();
    res.set('Content-Type', metrics.contentType).end(text);
  });
  app.get('/state', async (_req, res) => {
    res.type('json').send(`${JSON.stringify(await state(), null, 2)}\n`);
  });
  app.use((_req, res) => {
    res.status(404).type('text/plain').send('Here are /healthz, /readyz, /metrics and /state.');
  });
  app.use(((error: unknown, req, res, _next) => {
    log.error({ err: error, path: req.path }, 'a question of an operator could not be answered');
    res.status(500).type('text/plain').send('It could not be told. /readyz and the log say why.\n');
  }) satisfies express.ErrorRequestHandler);
  return app;
}

/** The process answers. */
export const alive: RequestHandler = (_req, res) => {
  res.type('text/plain').send('alive');
};

/** For hosts that have only one port, which everybody may reach: what is wrong, but not the details. */
export function tellReadiness(reasons: () => Promise<readonly Reason[]>): RequestHandler {
  return async (_req, res) => {
    const why = await reasons();
    const text = why.length === 0 ? 'ready' : `not ready: ${why.map(({ what }) => what).join(', ')}`;
    res
      .status(why.length === 0 ? 200 : 503)
      .type('text/plain')
      .send(text);
  };
}

const onlyFromThisMachine: RequestHandler = (req, res, next) => {
  if (/^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(String(req.headers.host))) next();
  else res.status(403).type('text/plain').send('Ask for localhost, or set OPERATIONS_HOST to the address you ask for.');
};

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import express, { type RequestHandler } from 'express';
import { appApi } from './app-api';
import { simulatedClock } from './clock';
import { controlApi } from './control-api';
import { answerGraphError, graphApi } from './graph-api';
import { SimulatedGraphError } from './graph-error';
import { Platform } from './platform';
import { defaultSettings, type Settings } from './settings';

export interface Simulator {
  readonly url: string;
  readonly platform: Platform;
  close(): Promise<void>;
}

/** Made by the build: the page's own modules, with its HTML and CSS beside them. */
const PAGE = path.join(__dirname, 'page');

/** The page's modules import these by name; nothing is fetched from anywhere else. */
const libraries: Readonly<Record<string, string>> = {
  preact: 'preact/dist/preact.mjs',
  'preact/hooks': 'preact/hooks/dist/hooks.mjs',
  'preact/jsx-runtime': 'preact/jsx-runtime/dist/jsxRuntime.mjs',
};

/**
 * Starts Messenger, the Page Inbox and the Graph API on this machine: for people at `/`, for programs under `/sim`, for bots at
 * Graph's own paths.
 *
 * @param port 0 takes a free one
 * @param settings where they differ from the defaults
 */
export async function startSimulator(port: number, settings: Partial<Settings> = {}): Promise<Simulator> {
  const clock = simulatedClock();
  const platform = new Platform({ ...defaultSettings, ...settings }, clock);
  const app = express();
  app.disable('x-powered-by');
  app.use(onlyFromThisMachine);
  app.use('/sim', controlApi(platform));
  app.use(page());
  app.use((_req, res, next) => {
    res.set('Date', new Date(clock.now()).toUTCString()); // the platform's time
    next();
  });
  app.use(graphApi(platform), appApi(platform));
  app.use((req) => {
    throw new SimulatedGraphError(404, 2500, `Unknown path components: ${req.path}`);
  });
  app.use(answerGraphError(platform));

  const server = createServer(app);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    platform,
    async close() {
      clock.stop();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A web page elsewhere could point a name of its own at this machine. */
const onlyFromThisMachine: RequestHandler = (req, res, next) => {
  if (/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(req.headers.host ?? '')) next();
  else res.status(403).type('text/plain').send('The simulator answers on localhost only.');
};

function page(): express.Router {
  const imports = Object.fromEntries(Object.keys(libraries).map((name) => [name, `/library/${name}.js`]));
  const importMap = JSON.stringify({ imports });
  const hash = createHash('sha256').update(importMap).digest('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

  const router = express.Router();
  router.use((_req, res, next) => {
    res.set({
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    next();
  });
  router.get('/', (_req, res) => {
    res
      .type('html')
      .send(
        readFileSync(path.join(PAGE, 'index.html'), 'utf8').replace(
          '<!-- importmap -->',
          `<script type="importmap">${importMap}</script>`,
        ),
      );
  });
  for (const [name, file] of Object.entries(libraries)) {
    router.get(`/library/${name}.js`, (_req, res) => {
      res
        .type('text/javascript')
        .send(readFileSync(path.join(path.dirname(require.resolve('preact/package.json')), '..', file)));
    });
  }
  router.use('/page', express.static(PAGE, { index: false, fallthrough: false }));
  return router;
}

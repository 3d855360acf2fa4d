import path from 'node:path';
import { APP_SECRET } from './load/posts';

export const contestants = ['ours', 'tutorial', 'bottender', 'floor'] as const;
export type Contestant = (typeof contestants)[number];

/** What each is, for the results. */
export const descriptions: Readonly<Record<Contestant, string>> = {
  ours: 'this bot, as built, everything on: signatures, the durable queue on disk, a line of log for each event',
  tutorial: "the tutorial's server of 2018: Express 4, body-parser and request; no signatures, nothing kept, no pace",
  bottender:
    'Bottender 1.5.5 with its Messenger connector: signatures (SHA-1), sessions in memory, nothing kept, no pace',
  floor: 'bare node:http and undici: reads the JSON, answers 200, calls Graph, and nothing else',
};

/** How they are called in the plot. */
export const labels: Readonly<Record<Contestant, string>> = {
  ours: 'this bot, everything on',
  tutorial: "the tutorial's server",
  bottender: 'Bottender',
  floor: 'the least there is to do',
};

const servers = path.join(__dirname, 'servers');

/** The program of each. */
export const programs: Readonly<Record<Contestant, string>> = {
  ours: path.join(__dirname, '..', 'dist', 'index.js'),
  tutorial: path.join(servers, 'tutorial', 'index.cjs'),
  bottender: path.join(servers, 'bottender.cjs'),
  floor: path.join(servers, 'floor.cjs'),
};

/** The environment, the same for all; each reads what it knows. */
export const environment = {
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  HOST: '127.0.0.1',
  PAGE_ACCESS_TOKEN: 'page-token-of-the-benchmark',
  VERIFY_TOKEN: 'verify-token-of-the-benchmark',
  APP_SECRET,
  MAX_SENDS_PER_SECOND: '300',
};

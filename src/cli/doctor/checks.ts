import { database } from './checks/database';
import { clock, graph } from './checks/graph';
import { bot, dataFolder, disk } from './checks/machine';
import { envFile, pagesFile, production, settings } from './checks/settings';
import { appReview, appSubscription, instagram, pageSubscription, routing } from './checks/subscriptions';
import { appSecret, token } from './checks/token';
import { forgedEvents, signedEvents, webhook, wrongToken } from './checks/webhook';
import type { Check } from './finding';

/** All checks, in the order in which they are told, and what they find is mended: each needs what comes before it. */
export const checks: readonly Check[] = [
  ...[settings, envFile, pagesFile, production],
  ...[graph, clock, token, appSecret],
  ...[dataFolder, disk, database, bot],
  ...[webhook, wrongToken, signedEvents, forgedEvents],
  ...[appSubscription, pageSubscription, instagram, routing, appReview],
];

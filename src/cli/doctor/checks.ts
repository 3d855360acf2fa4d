import { clock, graph } from './checks/graph';
import { bot, dataFolder, disk } from './checks/machine';
import { envFile, production, settings } from './checks/settings';
import { appReview, appSubscription, pageSubscription, routing } from './checks/subscriptions';
import { appSecret, token } from './checks/token';
import { forgedEvents, webhook, wrongToken } from './checks/webhook';
import type { Check } from './finding';

/** All checks, in the order in which they are told. */
export const checks: readonly Check[] = [
  ...[settings, envFile, production],
  ...[graph, clock, token, appSecret],
  ...[pageSubscription, appSubscription, routing, appReview],
  ...[webhook, wrongToken, forgedEvents],
  ...[dataFolder, disk, bot],
];

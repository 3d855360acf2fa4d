/** What the simulated platform is set up with; the defaults fit `npm run demo`. */
export interface Settings {
  readonly pageId: string;
  readonly pageName: string;
  /** The bot's app. */
  readonly appId: string;
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly pageAccessToken: string;
  /** The App setting "Require App Secret": calls without `appsecret_proof` are refused. */
  readonly requireProof: boolean;
  /** The same seed gives the same ids. */
  readonly seed: number;
  /** Events that happen within so many milliseconds go out in one POST; 0 sends each one alone. */
  readonly batchMs: number;
}

export const defaultSettings: Settings = {
  pageId: '100200300400500',
  pageName: 'Corner Bakery',
  appId: '424242424242424',
  appSecret: '51a1a7ed0123456789abcdef51a1a7ed',
  verifyToken: 'simulated-verify-token',
  pageAccessToken: 'SIMULATED-page-access-token-0123456789',
  requireProof: true,
  seed: 1,
  batchMs: 0,
};

/** The inbox's app. @see https://developers.facebook.com/docs/messenger-platform/conversation-routing */
export const PAGE_INBOX = '263902037430900';

/** The fields an app can subscribe a Page to. @see https://developers.facebook.com/docs/messenger-platform/webhooks#fields */
export const FIELDS = [
  'messages',
  'messaging_postbacks',
  'messaging_handovers',
  'standby',
  'message_echoes',
  'message_reads',
  'message_deliveries',
  'messaging_referrals',
] as const;
export type Field = (typeof FIELDS)[number];

export const SECOND = 1_000;
export const HOUR = 60 * 60 * SECOND;
export const DAY = 24 * HOUR;

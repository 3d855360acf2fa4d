/* What the simulator tells its page. */

/** A message as it stands in a conversation. */
export interface Bubble {
  readonly mid: string;
  readonly from: 'customer' | 'bot' | 'agent';
  readonly text: string;
  readonly at: number;
  readonly quickReplies: readonly { readonly title: string; readonly payload: string }[];
}

/** What can be made to go wrong. */
export interface Trouble {
  /** Milliseconds added to every Graph call. */
  latencyMs: number;
  /** Graph answers 500. */
  serverErrors: boolean;
  /** Graph does not answer at all. */
  timeouts: boolean;
  /** Graph answers 613, with the header that names a minute of waiting. */
  rateLimited: boolean;
  /** Graph answers 190 to every call, until the token is renewed. */
  tokenInvalid: boolean;
  /** Every webhook is delivered twice. */
  redeliver: boolean;
  /** Webhooks of one conversation overtake each other. */
  reorder: boolean;
  /** The Page has no default application: `take_thread_control` is refused. */
  noDefaultApplication: boolean;
  /** Webhooks do not reach the bot. */
  botDown: boolean;
}

/** What the page shows: everything that is going on, as plain JSON. */
export interface Snapshot {
  readonly now: number;
  readonly page: { readonly id: string; readonly name: string };
  readonly appId: string;
  readonly subscribed: readonly string[];
  readonly pending: number;
  readonly trouble: Readonly<Trouble>;
  readonly customers: readonly CustomerView[];
  /** How many customers there are beside those that are listed. */
  readonly moreCustomers: number;
  readonly wire: readonly WireView[];
}

export interface CustomerView {
  readonly psid: string;
  readonly name: string;
  readonly owner: 'bot' | 'inbox' | 'other' | 'nobody';
  readonly folder: 'main' | 'done';
  readonly blocked: boolean;
  readonly seenAt: number;
  readonly bubbles: readonly Bubble[];
  readonly offered: Bubble['quickReplies'];
}

export interface WireView {
  readonly id: number;
  readonly at: number;
  readonly direction: 'webhook' | 'graph' | 'note';
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | undefined;
  readonly ms: number | undefined;
  readonly channel: 'messaging' | 'standby' | undefined;
  readonly customer: string | undefined;
  readonly owner: CustomerView['owner'] | undefined;
}

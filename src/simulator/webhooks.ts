import { createHmac } from 'node:crypto';
import type { SimulatedClock } from './clock';
import { HOUR, SECOND, type Field, type Settings } from './settings';
import type { Trouble } from './trouble';
import type { Wire } from './wire';

/*
 * How webhooks reach an app: signed, answered with 200 within 5 seconds, or delivered again, and given up after an hour.
 * https://developers.facebook.com/docs/messenger-platform/webhooks
 */

/** An event on its way to the app. */
export interface OutgoingEvent {
  readonly psid: string;
  readonly field: Field;
  readonly channel: 'messaging' | 'standby';
  readonly content: object;
  /** What it is about, in a few words. */
  readonly title: string;
  /** Who owns the conversation once it has happened. */
  readonly owner: string | undefined;
}

interface Delivery {
  readonly channel?: OutgoingEvent['channel'] | undefined;
  readonly psid: string;
  readonly body: string;
  readonly title: string;
  readonly owner: string | undefined;
}

export interface Subscription {
  callbackUrl: string | undefined;
  /** The platform switches off what has failed for too long. */
  isActive: boolean;
  /** What the app listens to. */
  readonly appFields: Set<string>;
  /** What the Page has been subscribed to. */
  readonly pageFields: Set<string>;
}

const ANSWER_LIMIT_MS = 5 * SECOND;
/** A few times at once, then with falling frequency. */
const RETRY_AFTER_MS = [0, 0, 10 * SECOND, 30 * SECOND, 60 * SECOND, 5 * 60 * SECOND, 10 * 60 * SECOND];
const GIVE_UP_AFTER_MS = HOUR;
/** How long a webhook lies about where they overtake each other. */
const OVERTAKEN_MS = 300;

export interface Webhooks {
  readonly subscription: Subscription;
  /** How many deliveries are under way or wait for another try. */
  readonly pending: number;
  send(event: OutgoingEvent): void;
  /** Posts a body that has been posted before. */
  sendAgain(body: string, psid: string | undefined, title: string): void;
}

export interface WebhooksOptions {
  readonly settings: Settings;
  readonly clock: SimulatedClock;
  readonly trouble: Readonly<Trouble>;
  readonly wire: Wire;
}

export function createWebhooks({ settings, clock, trouble, wire }: WebhooksOptions): Webhooks {
  const subscription: Subscription = {
    callbackUrl: undefined,
    isActive: true,
    appFields: new Set(),
    pageFields: new Set(),
  };
  /** The last delivery of each conversation: the next one follows it. */
  const tails = new Map<string, Promise<void>>();
  /** Each cancels a planned try. */
  const retries = new Set<() => void>();
  const batch: OutgoingEvent[] = [];
  let pending = 0;
  let failingSince: number | undefined;

  function sign(body: string, algorithm: 'sha1' | 'sha256'): string {
    return `${algorithm}=${createHmac(algorithm, settings.appSecret).update(body).digest('hex')}`;
  }

  /** Non-ASCII characters are escaped on the wire. */
  function serialise(events: readonly OutgoingEvent[]): string {
    const time = clock.now();
    const entry = events.map(({ channel, content }) => ({ id: settings.pageId, time, [channel]: [content] }));
    return JSON.stringify({ object: 'page', entry }).replaceAll(
      /[\u0080-\uffff]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  }

  async function post(delivery: Delivery): Promise<boolean> {
    const { body, psid, title, owner, channel } = delivery;
    const raw = { body, signature: sign(body, 'sha256') };
    const path = subscription.callbackUrl === undefined ? '-' : new URL(subscription.callbackUrl).pathname;
    const entry = wire.add({
      at: clock.now(),
      direction: 'webhook',
      title,
      method: 'POST',
      path,
      channel,
      psid,
      owner,
      request: JSON.parse(body),
      raw,
    });
    const start = performance.now();
    const { status, response } = await exchange(body, raw.signature);
    wire.finish(entry, { status, ms: Math.round(performance.now() - start), owner, response });
    return status === 200;
  }

  async function exchange(body: string, signature: string): Promise<{ status: number; response: unknown }> {
    if (subscription.callbackUrl === undefined) return { status: 0, response: 'No callback URL is subscribed.' };
    if (trouble.botDown) return { status: 0, response: 'The bot is down (a switch of the simulator).' };
    try {
      const answer = await fetch(subscription.callbackUrl, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'X-Hub-Signature': sign(body, 'sha1'), // older SDKs read only this one
          'X-Hub-Signature-256': signature,
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      });
      return { status: answer.status, response: (await answer.text()).slice(0, 500) };
    } catch (error) {
      return { status: 0, response: `No answer: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  async function deliver(delivery: Delivery, attempt = 0): Promise<void> {
    if (await post(delivery)) {
      failingSince = undefined;
      pending -= 1;
      return;
    }
    failingSince ??= clock.now();
    if (clock.now() - failingSince >= GIVE_UP_AFTER_MS) {
      pending -= 1;
      unsubscribe();
      return;
    }
    const wait = RETRY_AFTER_MS[attempt] ?? GIVE_UP_AFTER_MS / 4;
    if (wait === 0) {
      await deliver(delivery, attempt + 1);
      return;
    }
    const cancel = clock.after(wait, () => {
      retries.delete(cancel);
      void deliver(delivery, attempt + 1);
    });
    retries.add(cancel);
  }

  /** What waits for another try is gone; who subscribes again begins anew. */
  function unsubscribe(): void {
    failingSince = undefined;
    pending -= retries.size;
    for (const cancel of retries) cancel();
    retries.clear();
    if (subscription.pageFields.size === 0) return;
    subscription.pageFields.clear();
    wire.add({
      at: clock.now(),
      direction: 'note',
      title: 'Unsubscribed: webhooks failed for an hour',
      method: '',
      path: '',
      psid: undefined,
      owner: undefined,
      request: undefined,
    });
  }

  /** What a delivery waits for: the one before it in its conversation, or, in that trouble, a moment for every second one. */
  function turnOf(psid: string): Promise<void> | undefined {
    if (!trouble.reorder) return tails.get(psid);
    return pending % 2 === 1 ? new Promise((resolve) => clock.after(OVERTAKEN_MS, resolve)) : undefined;
  }

  function enqueue(delivery: Delivery): void {
    const copies = trouble.redeliver ? [delivery, delivery] : [delivery];
    for (const copy of copies) {
      pending += 1;
      const tail = Promise.resolve(turnOf(copy.psid)).then(() => deliver(copy));
      tails.set(copy.psid, tail);
      void tail.finally(() => {
        if (tails.get(copy.psid) === tail) tails.delete(copy.psid);
      });
    }
  }

  function flush(): void {
    const events = batch.splice(0);
    const last = events.at(-1);
    if (!last) return;
    const title = events.length === 1 ? last.title : `${events.length} events in one POST`;
    const channel = events.length === 1 ? last.channel : undefined;
    enqueue({ psid: last.psid, body: serialise(events), title, owner: last.owner, channel });
  }

  return {
    subscription,
    get pending() {
      return pending + batch.length;
    },
    send(event) {
      const { field, channel } = event;
      const needed = channel === 'standby' ? [field, 'standby'] : [field];
      if (!subscription.isActive) return;
      if (!needed.every((one) => subscription.pageFields.has(one) && subscription.appFields.has(one))) return;
      batch.push(event);
      if (settings.batchMs === 0) flush();
      else if (batch.length === 1) clock.after(settings.batchMs, flush);
    },
    sendAgain(body, psid, title) {
      enqueue({ psid: psid ?? '', body, title: `${title} (again)`, owner: undefined });
    },
  };
}

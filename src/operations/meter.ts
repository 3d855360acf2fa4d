import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';

/** Whom a conversation goes to. */
export type Direction = 'to_human' | 'to_bot';
/** Whose doing it is. */
export type Mover = 'person' | 'human' | 'app' | 'unknown';

/** What is counted as it happens. */
export interface Meter {
  /** A POST to the webhook was answered; status 0: the connection ended before. `isSigned`: it carries a signature, right or wrong. */
  readonly webhookAnswered: (status: number, isSigned: boolean) => void;
  readonly event: (channel: string, kind: string, outcome: string) => void;
  /** Events that were known already. */
  readonly known: (count: number) => void;
  readonly attemptFailed: (kind: string) => void;
  /** From the POST to the last call. */
  readonly answered: (seconds: number) => void;
  /** A message that was held back for the pace's sake. */
  readonly paced: (seconds: number) => void;
  /** `code` is `ok`, or what tells errors apart, like `10/2018300`. */
  readonly graphCall: (path: string, code: string, seconds: number) => void;
  /** A call for a Page that failed; `code` as above. */
  readonly graphError: (page: string, code: string) => void;
  /** An event of a Page was given up. */
  readonly setAside: (page: string) => void;
  readonly handover: (direction: Direction, by: Mover) => void;
}

/** How the bot is doing at this moment. Times are in seconds; what is not known yet is no number. */
export interface Gauges {
  readonly ready: boolean;
  readonly waiting: number;
  readonly setAside: number;
  readonly mostWaiting: number;
  readonly oldestWaiting: number;
  readonly underWay: number;
  readonly pages: readonly {
    readonly page: string;
    readonly paused: number | undefined;
    readonly held: number | undefined;
    readonly inLine: number;
  }[];
  readonly humanHands: number;
  readonly unanswered: number;
  readonly oldestUnanswered: number;
  readonly lastWordIsThePersons: number;
  readonly oldestLastWord: number;
}

export interface Metrics {
  readonly meter: Meter;
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  readonly text: () => Promise<string>;
}

/** What handlers answer. */
const answered = [
  ...['message', 'quick_reply', 'postback', 'pass_thread_control', 'request_thread_control'].map(
    (kind) => ['messaging', kind] as const,
  ),
  ['standby', 'quick_reply'] as const,
];

/** Calls take at most 10 s; a person notices a second. */
const CALL_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10];
/** What is held or repeated takes minutes or hours. */
const EVENT_SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200];

/**
 * Makes the metrics. The library is loaded only here: who has no operations port needs none of it.
 *
 * @param gauges is asked at each scrape
 * @see https://prometheus.io/docs/practices/naming/
 */
export function createMetrics(gauges: () => Promise<Gauges>): Metrics {
  const prometheus = createRequire(__filename)('prom-client') as typeof Prometheus;
  const registry = new prometheus.Registry();
  const registers = [registry];
  prometheus.collectDefaultMetrics({ register: registry });

  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new prometheus.Counter({ name: `messenger_bot_${name}`, help, labelNames: [...labelNames], registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new prometheus.Gauge({ name: `messenger_bot_${name}`, help, labelNames: [...labelNames], registers });

  const webhooks = counter('webhook_requests_total', 'POSTs to the webhook, by the status they were answered with.', [
    'status',
    'signed',
  ]);
  const events = counter('events_total', 'Events, by what came of them.', ['channel', 'kind', 'outcome']);
  const known = counter('events_known_total', 'Events that were delivered again, and not handled again.');
  const failed = counter('attempts_failed_total', 'Attempts at an event that failed and are followed by another one.', [
    'kind',
  ]);
  const pacedMessages = counter('paced_messages_total', 'Messages that waited for their turn.');
  const pacedSeconds = counter('paced_seconds_total', 'How long messages have waited for their turn.');
  const calls = counter('graph_calls_total', 'Calls of the Graph API; code is ok, or code/subcode of the error.', [
    'path',
    'code',
  ]);
  // By Page only what is rare: hundreds of Pages would make too many counters of everything else.
  const errors = counter('graph_errors_total', 'Calls of the Graph API that failed, by the Page they were made for.', [
    'page',
    'code',
  ]);
  const setAside = counter('events_set_aside_total', 'Events that were given up, by their Page.', ['page']);
  const handovers = counter(
    'handovers_total',
    'Conversations that changed hands, by where they went and whose doing.',
    ['direction', 'by'],
  );
  const callSeconds = new prometheus.Histogram({
    name: 'messenger_bot_graph_call_duration_seconds',
    help: 'How long calls of the Graph API took.',
    labelNames: ['path'],
    buckets: CALL_SECONDS,
    registers,
  });
  const eventSeconds = new prometheus.Histogram({
    name: 'messenger_bot_event_duration_seconds',
    help: 'From the POST to the last call of an event.',
    buckets: EVENT_SECONDS,
    registers,
  });

  const ready = gauge('ready', 'Whether new events can be taken in (1) or not (0).');
  const queued = gauge('queue_events', 'Events in the queue: waiting, or set aside for a person to look at.', [
    'state',
  ]);
  const mostQueued = gauge('queue_limit_events', 'How many events may wait before POSTs are answered 503.');
  const oldest = gauge('queue_oldest_seconds', 'How long the oldest waiting event has waited.');
  const underWay = gauge('conversations_under_way', 'Conversations that are being worked on.');
  const inLine = gauge('messages_in_line', 'Messages that wait for their turn.', ['page']);
  const stopped = gauge(
    'sending_stopped_seconds',
    'For how long nothing has been sent: paused or held. 0: it goes on.',
    ['page', 'why'],
  );
  const human = gauge('human_conversations', 'Conversations that humans have now.');
  const unanswered = gauge('human_unanswered_conversations', 'Those of them in which no human has written yet.');
  const unansweredOldest = gauge('human_unanswered_oldest_seconds', 'How long the first of these has waited.');
  const lastWord = gauge('human_last_word_is_persons_conversations', "Those in which the last word is the person's.");
  const lastWordOldest = gauge(
    'human_last_word_is_persons_oldest_seconds',
    'How long ago the first of these was said.',
  );

  // From the start on, so that the first one is seen to be one more.
  for (const status of ['200', '401', '503']) webhooks.inc({ status, signed: 'yes' }, 0);
  webhooks.inc({ status: '401', signed: 'no' }, 0);
  for (const [channel, kind] of answered) events.inc({ channel, kind, outcome: 'set_aside' }, 0);

  const show = (now: Gauges): void => {
    ready.set(now.ready ? 1 : 0);
    queued.set({ state: 'waiting' }, now.waiting);
    queued.set({ state: 'set_aside' }, now.setAside);
    mostQueued.set(now.mostWaiting);
    oldest.set(now.oldestWaiting);
    underWay.set(now.underWay);
    inLine.reset(); // a Page may have left, or have another name
    stopped.reset();
    for (const { page, paused, held, inLine: messages } of now.pages) {
      inLine.set({ page }, messages);
      stopped.set({ page, why: 'paused' }, paused ?? 0);
      stopped.set({ page, why: 'held' }, held ?? 0);
    }
    human.set(now.humanHands);
    unanswered.set(now.unanswered);
    unansweredOldest.set(now.oldestUnanswered);
    lastWord.set(now.lastWordIsThePersons);
    lastWordOldest.set(now.oldestLastWord);
  };

  return {
    meter: {
      webhookAnswered: (status, isSigned) => {
        webhooks.inc({ status: status === 0 ? 'none' : String(status), signed: isSigned ? 'yes' : 'no' });
      },
      event: (channel, kind, outcome) => {
        events.inc({ channel, kind, outcome });
      },
      known: (count) => {
        known.inc(count);
      },
      attemptFailed: (kind) => {
        failed.inc({ kind });
      },
      answered: (seconds) => {
        eventSeconds.observe(seconds);
      },
      paced: (seconds) => {
        pacedMessages.inc();
        pacedSeconds.inc(seconds);
      },
      graphCall: (path, code, seconds) => {
        calls.inc({ path, code });
        callSeconds.observe({ path }, seconds);
      },
      graphError: (page, code) => {
        errors.inc({ page, code });
      },
      setAside: (page) => {
        setAside.inc({ page });
      },
      handover: (direction, by) => {
        handovers.inc({ direction, by });
      },
    },
    contentType: registry.contentType,
    text: async () => {
      show(await gauges());
      return registry.metrics();
    },
  };
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAnswered } from './handle-event';
import type { Readiness } from './operations/readiness';
import type { Clock } from './process/clock';
import type { Logger } from './process/logger';
import type { PageBook } from './process/page-book';
import type { PersonName } from './process/person-name';
import type { EventQueue } from './queue/event-queue';
import { QueueFullError, type NewEvent } from './queue/event-store';
import type { Watch } from './watch';
import { conversationOf, eventId } from './webhook/event-id';
import { flattenEvents, type WebhookEvent } from './webhook/events';
import type { WebhookBody } from './webhook/payload';

/** How many events of a large body are read in one go. */
const READ_AT_ONCE = 250;

export interface AcceptOptions {
  readonly queue: EventQueue;
  readonly readiness: Pick<Readiness, 'noteStored'>;
  readonly watch: Watch;
  /** The Pages there are now. */
  readonly pages: () => PageBook;
  readonly log: Logger;
  readonly nameOf: PersonName;
  readonly clock: Clock;
}

/**
 * Makes what takes a body's events in: those that a handler answers go into the queue, the others are only told to those who
 * watch. It resolves when the events are safe, and rejects when they are not.
 */
export function createAccept(options: AcceptOptions): (body: WebhookBody) => Promise<void> {
  const { queue, readiness, watch, pages, log, nameOf, clock } = options;

  const toStore = (event: WebhookEvent): NewEvent[] => {
    const { channel, kind, psid, timestamp } = event;
    // To name a person costs more than to read the event: only for a line that is written.
    const person = psid !== undefined && log.isLevelEnabled('debug') ? { person: nameOf(psid) } : {};
    if (!isAnswered(event)) {
      log.debug({ ...person, channel, kind }, 'event ignored');
      return [];
    }
    const id = eventId(event);
    log.debug({ event: id, ...person, channel, kind }, 'event came in');
    const conversation = conversationOf(event, event.psid);
    return [{ id, page: pages().keyOf(event.pageId), conversation, timestamp, payload: event }];
  };

  return async (body) => {
    const arrived: WebhookEvent[] = [];
    const events: NewEvent[] = [];
    let read = 0;
    for (const event of flattenEvents(body, clock.now())) {
      if (event) {
        arrived.push(event);
        events.push(...toStore(event));
      }
      read += 1;
      if (read % READ_AT_ONCE === 0) await nextTurn(); // somebody else's request may have come
    }
    const { known, added } = await queue.add(events).catch((error: unknown) => {
      if (!(error instanceof QueueFullError)) readiness.noteStored(error);
      throw error;
    });
    if (added > 0) readiness.noteStored();
    if (known > 0) watch.known(known);
    for (const event of arrived) watch.arrived(event, isAnswered(event));
  };
}

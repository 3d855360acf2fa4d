import type { Clock } from '../process/clock';
import type { PageBook } from '../process/page-book';
import { hidePerson, type PersonName } from '../process/person-name';
import type { EventQueue, PageStatus } from '../queue/event-queue';
import { StoreError, type EventStore, type StoredEvent } from '../queue/event-store';
import type { HumanHands } from './human-hands';
import type { Reason } from './readiness';

/** How many examples of each kind are shown. */
const EXAMPLES = 20;

export interface StateSources {
  readonly store: Pick<EventStore, 'figures' | 'troubled'>;
  readonly queue: Pick<EventQueue, 'status'>;
  readonly clock: Clock;
  readonly reasons: () => Promise<readonly Reason[]>;
  readonly hands: HumanHands;
  readonly nameOf: PersonName;
  readonly pages: PageBook;
}

/**
 * What an operator asks first: can events be taken in, what waits and since when, is anything paused or held, what was set aside
 * and why, does anybody wait for a human? No texts, no tokens, and people only by their names for logs.
 */
export async function describeState(sources: StateSources): Promise<object> {
  const { clock, hands, nameOf, pages } = sources;
  const [reasons, figures, troubled] = await Promise.all([
    sources.reasons(),
    unlessAway(sources.store.figures()),
    unlessAway(sources.store.troubled(EXAMPLES)),
  ]);
  const status = sources.queue.status();
  const now = clock.now();
  const personIn = (conversation: string) => nameOf(psidIn(conversation));
  const about = ({ id, page, conversation, attempts, reason = '' }: StoredEvent) => {
    const psid = psidIn(conversation);
    return { event: id, page, person: nameOf(psid), attempts, reason: hidePerson(reason, psid, nameOf(psid)) };
  };
  const isListed = ({ page }: PageStatus) => pages.nameOf(page) !== undefined;
  const { held, unanswered, lastWordIsThePersons } = hands.figures(now);

  return {
    ready: reasons.length === 0,
    reasons,
    waiting: {
      events: figures?.waiting,
      putBack: figures?.putBack,
      oldestSince: time(figures?.oldestSince),
      conversationsUnderWay: status.underWay,
      triedAgain: (troubled?.delayed ?? []).map(({ event, dueInMs }) => ({
        ...about(event),
        nextTryAt: time(now + dueInMs),
      })),
    },
    pages: status.pages.filter(isListed).map(({ page, closed, inLine }) => ({
      page,
      name: pages.of(page)?.name,
      sending: closed === undefined ? 'goes on' : closed.kind === 'hold' ? 'held' : 'paused',
      messagesInLine: inLine,
      ...(closed && {
        reason: closed.reason,
        since: time(now - closed.sinceMs),
        nextTryAt: time(now + closed.nextTryInMs),
      }),
    })),
    setAside: {
      events: figures?.setAside,
      latest: (troubled?.setAside ?? []).map((event) => ({ ...about(event), since: time(event.endedAt) })),
    },
    humans: {
      conversations: held,
      unanswered: unanswered.count,
      lastWordIsThePersons: lastWordIsThePersons.count,
      waitingLongest: hands.longestUnanswered(now, EXAMPLES).map(({ conversation, since }) => ({
        page: pages.keyOf(accountIn(conversation)),
        person: personIn(conversation),
        since: time(since),
      })),
    },
  };
}

/** A store that does not answer is among the reasons; the rest is told all the same. */
function unlessAway<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  return asked.catch((error: unknown) => {
    if (error instanceof StoreError) return undefined;
    throw error;
  });
}

/** A time as people read it; undefined where there is none, or none that a calendar knows. */
function time(ms = NaN): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function accountIn(conversation: string): string | undefined {
  return conversation.split('/')[1];
}

/** A conversation is named by its object, its Page and the person. */
function psidIn(conversation: string): string {
  return conversation.slice(conversation.lastIndexOf('/') + 1);
}

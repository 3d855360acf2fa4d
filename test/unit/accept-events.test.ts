import { pino } from 'pino';
import { createAccept } from '../../src/accept-events';
import { systemClock } from '../../src/process/clock';
import type { EventQueue } from '../../src/queue/event-queue';
import { nobodyWatches } from '../../src/watch';
import { bodySchema } from '../../src/webhook/payload';
import type { PageBook } from '../../src/process/page-book';
import { bookOf, bookOfToken } from '../support/pages';
import { bodyOf, eventOf, fixtureText, ids } from '../support/fixtures';

const accepted = (level: string, ...bodies: readonly unknown[]) => acceptedFor(bookOfToken('token'), level, bodies);

async function acceptedFor(pages: PageBook, level: string, bodies: readonly unknown[]) {
  const named: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const stored: string[] = [];
  const storedFor: string[] = [];
  const queue: Pick<EventQueue, 'add'> = {
    add: (events) => {
      stored.push(...events.map(({ conversation }) => conversation));
      storedFor.push(...events.map(({ page }) => page));
      return Promise.resolve({ added: events.length, known: 0 });
    },
  };
  const accept = createAccept({
    queue: queue as EventQueue,
    readiness: { noteStored: () => undefined },
    watch: nobodyWatches,
    pages: () => pages,
    log: pino({ level }, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
    nameOf: (psid) => {
      named.push(psid);
      return 'p-0123456789';
    },
    clock: systemClock,
  });
  for (const body of bodies) await accept(bodySchema.parse(body));
  return { named, lines, stored, storedFor };
}

const message = JSON.parse(fixtureText('message-text')) as unknown;
const read = bodyOf(eventOf({ read: { watermark: 1 } }));
const ofInstagram = JSON.parse(fixtureText('instagram-message')) as { entry: [{ id: string }] };
const instagramAccount = ofInstagram.entry[0].id;
const ofStranger = {
  object: 'page',
  entry: [{ id: '999', messaging: [eventOf({ message: { mid: 'x', text: 'hi' } })] }],
};
const ofNobody = {
  object: 'page',
  entry: [{ messaging: [{ sender: { id: '1' }, timestamp: 1, message: { mid: 'y', text: 'hi' } }] }],
};
const nobodys = bodyOf({ app_roles: { '1': ['primary_receiver'] } });

describe('the events of a body', () => {
  it('go into the queue where a handler answers them, and are only told otherwise', async () => {
    const { stored, lines } = await accepted('debug', message, read, nobodys);
    expect(stored).toEqual([`page/${ids.page}/${ids.person}`]);
    expect(lines).toMatchObject([
      { msg: 'event came in', kind: 'message', person: 'p-0123456789' },
      { msg: 'event ignored', kind: 'read', person: 'p-0123456789' },
      { msg: 'event ignored', kind: 'app_roles' },
    ]);
    expect(lines[2]).not.toHaveProperty('person');
  });

  it("are the one token's, whatever Page they name", async () => {
    expect((await accepted('info', message, ofInstagram)).storedFor).toEqual(['me', 'me']);
  });

  it("are their Page's where there is a list: those of its Instagram account, too, and of one that is not listed", async () => {
    const pages = bookOf({ id: ids.page, accessToken: 'a', instagramId: instagramAccount });
    const { storedFor } = await acceptedFor(pages, 'info', [message, ofInstagram, ofNobody, ofStranger]);
    expect(storedFor).toEqual([ids.page, ids.page, 'unknown', '999']);
  });

  it('have nobody named for a line that is not written', async () => {
    const { named, stored } = await accepted('info', message, read);
    expect(named).toEqual([]);
    expect(stored).toHaveLength(1);
  });
});

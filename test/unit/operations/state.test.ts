import { createHumanHands } from '../../../src/operations/human-hands';
import { describeState, type StateSources } from '../../../src/operations/state';
import { StoreError, type StoredEvent } from '../../../src/queue/event-store';
import { bookOf, bookOfToken } from '../../support/pages';
import { fakeClock } from '../../support/fake-clock';

const NOW = 1_795_384_800_000;
const at = (ms: number) => new Date(NOW + ms).toISOString();

const idle: StateSources['store'] = {
  figures: () => Promise.resolve({ waiting: 0, putBack: 0, oldestSince: undefined, setAside: 0 }),
  troubled: () => Promise.resolve({ delayed: [], setAside: [] }),
};

/** Of a bot that has nothing to do, but for what is given. */
const stateWith = (sources: Partial<StateSources>) =>
  describeState({
    clock: fakeClock(NOW),
    hands: createHumanHands(),
    nameOf: () => 'p',
    pages: bookOfToken('token'),
    reasons: () => Promise.resolve([]),
    store: idle,
    queue: { status: () => ({ underWay: 0, pages: [] }) },
    ...sources,
  });

describe('the state of a bot', () => {
  it('leaves out a time that no calendar knows', async () => {
    const hands = createHumanHands();
    const when = Number.MAX_SAFE_INTEGER;
    hands.handedOver('page/1/2', when);
    const state = await stateWith({
      clock: fakeClock(when),
      hands,
      store: {
        figures: () => Promise.resolve({ waiting: 1, putBack: 0, oldestSince: when, setAside: 0 }),
        troubled: () => Promise.resolve({ delayed: [], setAside: [] }),
      },
    });
    expect(state).toMatchObject({ waiting: { oldestSince: undefined }, humans: { waitingLongest: [{ person: 'p' }] } });
  });

  it('tells what it knows while the store does not answer, and why it does not', async () => {
    const away = () => Promise.reject(new StoreError('away'));
    const state = await stateWith({
      reasons: () => Promise.resolve([{ what: 'storage_failing', detail: 'Start it.' }]),
      store: { figures: away, troubled: away },
      queue: { status: () => ({ underWay: 7, pages: [] }) },
    });
    expect(JSON.parse(JSON.stringify(state))).toMatchObject({
      reasons: [{ what: 'storage_failing', detail: 'Start it.' }],
      waiting: { conversationsUnderWay: 7, triedAgain: [] },
      setAside: { latest: [] },
    });
    expect(JSON.stringify(state)).not.toContain('"events"');
  });

  it.each(['figures', 'troubled'] as const)('hides no mistake in %s behind a store that is away', async (name) => {
    const asking = stateWith({ store: { ...idle, [name]: () => Promise.reject(new TypeError('a mistake')) } });
    await expect(asking).rejects.toThrow('a mistake');
  });

  it('says what is paused, why, since when, and when it is tried next', async () => {
    const closed = { kind: 'pause', reason: 'too many calls', sinceMs: 60_000, nextTryInMs: 5_000 } as const;
    const putBack = { id: 'e1', page: 'me', conversation: 'page/1/24601000000000001', attempts: 0 } as StoredEvent;
    const state = await stateWith({
      nameOf: () => 'p-0123456789',
      reasons: () => Promise.resolve([{ what: 'queue_full', detail: 'many' }]),
      store: {
        figures: () => Promise.resolve({ waiting: 1, putBack: 1, oldestSince: undefined, setAside: 0 }),
        troubled: () => Promise.resolve({ delayed: [{ event: putBack, dueInMs: 2_000 }], setAside: [] }),
      },
      queue: { status: () => ({ underWay: 3, pages: [{ page: 'me', closed, inLine: 2 }] }) },
    });
    expect(JSON.parse(JSON.stringify(state))).toEqual({
      ready: false,
      reasons: [{ what: 'queue_full', detail: 'many' }],
      waiting: {
        events: 1,
        putBack: 1,
        conversationsUnderWay: 3,
        triedAgain: [
          { event: 'e1', page: 'me', person: 'p-0123456789', attempts: 0, reason: '', nextTryAt: at(2_000) },
        ],
      },
      pages: [
        {
          page: 'me',
          sending: 'paused',
          messagesInLine: 2,
          reason: 'too many calls',
          since: at(-60_000),
          nextTryAt: at(5_000),
        },
      ],
      setAside: { events: 0, latest: [] },
      humans: { conversations: 0, unanswered: 0, lastWordIsThePersons: 0, waitingLongest: [] },
    });
  });

  it('names each Page that is listed by id and name, and the Page of each example', async () => {
    const hands = createHumanHands();
    hands.handedOver('instagram/101/24601000000000009', NOW - 1_000);
    const event = (page: string) => ({ id: page, page, conversation: `page/${page}/1`, attempts: 1 }) as StoredEvent;
    const state = await stateWith({
      hands,
      pages: bookOf({ id: '1', name: 'Bakery', accessToken: 'a', instagramId: '101' }, { id: '2', accessToken: 'b' }),
      store: {
        figures: () => Promise.resolve({ waiting: 1, putBack: 1, oldestSince: undefined, setAside: 0 }),
        troubled: () => Promise.resolve({ delayed: [{ event: event('1'), dueInMs: 0 }], setAside: [event('3')] }),
      },
      queue: {
        status: () => ({
          underWay: 0,
          pages: ['1', '2', '3', 'me'].map((page) => ({ page, closed: undefined, inLine: 0 })),
        }),
      },
    });
    expect(JSON.parse(JSON.stringify(state))).toMatchObject({
      waiting: { triedAgain: [{ page: '1' }] },
      pages: [{ page: '1', name: 'Bakery' }, { page: '2' }, { page: 'me' }], // 3 has left
      setAside: { latest: [{ page: '3' }] },
      humans: { waitingLongest: [{ page: '1', person: 'p' }] },
    });
  });
});

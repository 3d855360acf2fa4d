import { pino } from 'pino';
import { createEventHandler, isAnswered } from '../../src/handle-event';
import { GraphConnectionError } from '../../src/messenger/graph-error';
import { UnlistedPageError } from '../../src/messenger/page-graphs';
import type { PageBook } from '../../src/process/page-book';
import { StoreError, type StoredEvent } from '../../src/queue/event-store';
import { ChangedCallsError, type CompletedCall } from '../../src/messenger/resume-calls';
import { HeldBackError } from '../../src/queue/verdict';
import type { WebhookEvent } from '../../src/webhook/events';
import { bookOf, bookOfToken } from '../support/pages';
import { refusal } from '../support/refusal';
import { recordingGraph } from '../support/recording-graph';

const PSID = '24601000000000001';
const payload = (content: object) => ({ object: 'page', channel: 'messaging', kind: 'message', psid: PSID, content });
const tap = payload({ message: { quick_reply: { payload: 'pass_to_inbox' } } });

async function handle(what: {
  payload?: unknown;
  failWith?: Error;
  completed?: CompletedCall[];
  heldBack?: boolean;
  pages?: PageBook;
}) {
  const { pages = bookOfToken('token') } = what;
  const graph = recordingGraph({});
  const failing = () => Promise.reject(what.failWith ?? new Error('unused'));
  const notes: CompletedCall[] = [];
  const lines: Record<string, unknown>[] = [];
  const watched: string[] = [];
  const log = pino(
    { level: 'debug', formatters: { level: (label) => ({ level: label }) } },
    { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const handler = createEventHandler({
    graphOf: () => (what.failWith === undefined ? graph : { call: failing, get: failing }),
    pages: () => pages,
    appId: undefined,
    log,
    nameOf: () => 'p-0123456789',
    watch: {
      call: ({ psid }, { path, error }) => watched.push(`${psid} ${path} ${error === undefined ? 'ok' : 'failed'}`),
      handled: ({ psid }, outcome) => watched.push(`${psid} ${outcome}`),
    },
  });
  const stored = {
    id: 'e',
    conversation: 'c',
    timestamp: 0,
    state: 'waiting',
    receivedAt: 0,
    page: 'me',
    attempts: 0,
    uncertain: 0,
    calls: [],
  } as const;
  const verdict = await handler(
    { ...stored, payload: what.payload ?? tap },
    {
      completed: what.completed ?? [],
      note: (call) => Promise.resolve(void notes.push(call)),
      permit: () => (what.heldBack ? Promise.reject(new HeldBackError('held back')) : Promise.resolve(Infinity)),
    },
  );
  return {
    verdict,
    notes,
    paths: graph.calls.map(([path]) => path),
    said: lines.map(({ level, msg }) => `${String(level)}: ${String(msg)}`),
    lines,
    watched,
  };
}

describe('what becomes of an event', () => {
  it('is done with its calls noted', async () => {
    const { verdict, notes, said } = await handle({});
    expect(verdict).toEqual({ kind: 'done' });
    expect(notes.map(({ path }) => path)).toEqual(['/messages', '/pass_thread_control']);
    expect(said).toEqual(['debug: graph call', 'debug: graph call', 'info: event handled']);
  });

  it('is done without calls when it is ignored', async () => {
    const { verdict, said } = await handle({ payload: payload({ read: {} }) });
    expect(verdict).toEqual({ kind: 'done' });
    expect(said).toEqual(['debug: event ignored']);
  });

  it('is said with the same id and name of the person in each line, and told to those who watch', async () => {
    const { lines, watched } = await handle({});
    for (const line of lines) expect(line).toMatchObject({ event: 'e', person: 'p-0123456789' });
    expect(lines.map(({ path }) => path)).toEqual(['/messages', '/pass_thread_control', undefined]);
    expect(JSON.stringify(lines)).not.toContain(PSID);
    expect(watched).toEqual([`${PSID} /messages ok`, `${PSID} /pass_thread_control ok`, `${PSID} passed_to_inbox`]);
  });

  it.each([
    ['the platform', refusal({ code: 551, message: `Person ${PSID} is gone` })],
    ['the handler', new Error(`Nothing known of ${PSID}`)],
    ['something odd', `Nothing known of ${PSID}` as unknown as Error],
  ])('does not name a person by the id, whatever %s says', async (_who, failWith) => {
    const { verdict, lines, watched } = await handle({ failWith });
    expect(JSON.stringify([verdict, lines])).not.toContain(PSID);
    expect(verdict).toMatchObject({ reason: expect.stringContaining('p-0123456789') as string });
    expect(lines.at(-1)).toMatchObject({ event: 'e' });
    expect(JSON.stringify(lines.at(-1)?.['err'])).toContain('p-0123456789');
    expect(lines.map(({ msg }) => msg)).not.toContain('graph call'); // that is what a call that succeeded is called
    expect(watched).toEqual([`${PSID} /messages failed`]);
  });

  it('says of an error what it is, and where it came from', async () => {
    const { lines } = await handle({ failWith: new TypeError('odd') });
    expect(lines.at(-1)).toMatchObject({
      err: { type: 'TypeError', message: 'odd', stack: expect.stringMatching(/^TypeError: odd\n/) as string },
    });
  });

  it('leaves a reason as it is where the id is so short that it would be found in other numbers', async () => {
    const failWith = refusal({ code: 100, message: 'Param 1 of 12 is wrong' });
    const { verdict } = await handle({ payload: { ...tap, psid: '1' }, failWith });
    expect(verdict).toMatchObject({ reason: expect.stringContaining('Param 1 of 12 is wrong') as string });
  });

  it('goes on where an earlier attempt has stopped', async () => {
    const { verdict, paths } = await handle({ completed: [{ path: '/messages', answer: {} }] });
    expect(paths).toEqual(['/pass_thread_control']);
    expect(verdict).toEqual({ kind: 'done' });
  });

  it.each<[string, Error, object]>([
    [
      'no answer to a message that was written',
      new GraphConnectionError('/messages', 'ECONNRESET', true),
      { kind: 'retry', mayBeSent: true, cause: 'no answer' },
    ],
    [
      'no connection',
      new GraphConnectionError('/messages', 'ECONNREFUSED', false),
      { kind: 'retry', mayBeSent: false },
    ],
    ['a temporary error', refusal({ code: 2 }), { kind: 'retry', cause: '2/-', mayBeSent: false }],
    ['a rate limit', refusal({ code: 613, regain: { all: 60_000, byPage: {} } }), { kind: 'pause', forMs: 60_000 }],
    ['a rate limit without a time', refusal({ code: 613 }), { kind: 'pause', forMs: undefined }],
    [
      'an invalid token',
      refusal({ code: 190 }),
      { kind: 'hold', reason: expect.stringContaining('Generate a new Page access token') as string },
    ],
    ['a person who cannot be reached', refusal({ code: 551 }), { kind: 'refused', scope: 'event', isExpected: true }],
    ['a wrong request', refusal({ code: 100 }), { kind: 'refused', scope: 'probably_event', isExpected: false }],
    [
      'an owner that is another app',
      refusal({ code: 10, subcode: 2018300 }),
      { kind: 'refused', scope: 'event', isExpected: true },
    ],
    [
      'the end of the 24 hours',
      refusal({ code: 10, subcode: 2018278 }),
      { kind: 'refused', scope: 'event', isExpected: true },
    ],
    [
      'a missing permission',
      refusal({ code: 10 }),
      { kind: 'refused', scope: 'unknown', cause: '10/-', isExpected: false },
    ],
    [
      'a note that could not be stored',
      new StoreError('disk full'),
      { kind: 'retry', reason: 'disk full', cause: undefined, mayBeSent: false },
    ],
    [
      'a mistake of the handler',
      new TypeError('x is not a function'),
      {
        kind: 'refused',
        scope: 'probably_event',
        cause: 'handler: TypeError',
        isExpected: false,
        reason: expect.stringContaining('x is not a function') as string,
      },
    ],
    ['something thrown that is no error', 'odd' as unknown as Error, { kind: 'refused', cause: 'handler: string' }],
    ['changed rules', new ChangedCallsError('changed'), { kind: 'refused', scope: 'event' }],
  ])('after %s', async (_what, failWith, expected) => {
    expect((await handle({ failWith })).verdict).toMatchObject(expected);
  });

  it.each(['See v1.2: They blocked you', 'They blocked you.', 'See a.b: They blocked you...'])(
    'has one full stop between what Graph says and what to do: %s',
    async (message) => {
      const { verdict } = await handle({ failWith: refusal({ code: 551, message }) });
      expect(verdict).toMatchObject({ reason: expect.stringMatching(/: They blocked you\. Nothing to do/) as string });
    },
  );

  it('is nothing when its call is held back', async () => {
    expect(await handle({ heldBack: true })).toMatchObject({ verdict: { kind: 'held_back' }, notes: [], paths: [] });
  });
});

describe('which events are answered at all', () => {
  const event = (channel: string, kind: string, psid: string | undefined = '1') =>
    isAnswered({ channel, kind, psid } as WebhookEvent);

  it.each([
    ['messaging', 'message', true],
    ['messaging', 'quick_reply', true],
    ['messaging', 'postback', true],
    ['messaging', 'pass_thread_control', true],
    ['messaging', 'request_thread_control', true],
    ['messaging', 'read', false],
    ['messaging', 'delivery', false],
    ['messaging', 'echo', false],
    ['standby', 'quick_reply', true],
    ['standby', 'message', false],
    ['standby', 'read', false],
  ])('on %s, %s: %p', (channel, kind, expected) => {
    expect(event(channel, kind)).toBe(expected);
  });

  it('none without a person', () => {
    expect(isAnswered({ channel: 'messaging', kind: 'message', psid: undefined } as WebhookEvent)).toBe(false);
  });
});

describe('where there is a list of Pages', () => {
  const bakery = { id: '1', name: 'Bakery', accessToken: 'a', instagramId: '101' };

  it('each line about an event names its Page', async () => {
    const { lines } = await handle({ payload: { ...tap, pageId: '101' }, pages: bookOf(bakery) });
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatchObject({ event: 'e', page: 'Bakery' });
    const { lines: ofOne } = await handle({ payload: { ...tap, pageId: '1' } });
    for (const line of ofOne) expect(line).not.toHaveProperty('page');
  });

  it.each([
    ['the Page', '1', 1],
    ['its Instagram account', '101', 2],
    ['both', '1', 3],
    ['none of them', '999', undefined],
  ])('a pause lasts as long as Graph says of %s', async (_whose, named, minutes) => {
    const byPage = { [named]: 60_000 * (minutes ?? 9), ...(minutes === 3 && { '101': 60_000 }) };
    const failWith = refusal({ code: 613, regain: { all: undefined, byPage } });
    const { verdict } = await handle({ failWith, payload: { ...tap, pageId: '101' }, pages: bookOf(bakery) });
    expect(verdict).toMatchObject({ kind: 'pause', forMs: minutes && minutes * 60_000 });
  });

  it('an event of a Page that is not on it says nothing about any Page, and is named once', async () => {
    const lines: string[] = [];
    const calls: unknown[] = [];
    let pages = bookOf(bakery);
    const handler = createEventHandler({
      graphOf: (account = '') => {
        throw new UnlistedPageError(account);
      },
      pages: () => pages,
      appId: undefined,
      log: pino({ level: 'debug' }, { write: (line) => void lines.push(line) }),
      nameOf: () => 'p-0123456789',
      watch: { call: (...call) => calls.push(call), handled: () => undefined },
    });
    const attempt = { completed: [], note: () => Promise.resolve(), permit: () => Promise.resolve(Infinity) };
    const handleOf = (pageId: string) => handler({ payload: { ...tap, pageId } } as StoredEvent, attempt);
    await expect(handleOf('2')).resolves.toEqual({
      kind: 'refused',
      scope: 'event',
      cause: undefined,
      isExpected: true,
      isSaid: true,
      reason: 'No token for Page 2: add it to PAGES_FILE, reload the bot, then npm run queue -- retry ID.',
    });
    for (const pageId of ['2', '3', '2']) await handleOf(pageId);
    const warnings = () => lines.map((line) => JSON.parse(line) as { page?: string; level: number });
    expect(warnings()).toMatchObject([
      { page: '2', level: 40 },
      { page: '3', level: 40 },
    ]);
    pages = bookOf(bakery, { id: '3', accessToken: 'b' });
    await handleOf('2');
    expect(warnings().map(({ page }) => page)).toEqual(['2', '3', '2']);
    expect(calls).toEqual([]);
  });

  it('at most 10,000 Pages that are not on it are named: anybody could make them up', async () => {
    let lines = 0;
    const list = bookOf(bakery);
    const handler = createEventHandler({
      graphOf: (account = '') => {
        throw new UnlistedPageError(account);
      },
      pages: () => list,
      appId: undefined,
      log: pino({}, { write: () => (lines += 1) }),
      nameOf: () => 'p',
      watch: { call: () => undefined, handled: () => undefined },
    });
    const attempt = { completed: [], note: () => Promise.resolve(), permit: () => Promise.resolve(Infinity) };
    for (let n = 0; n < 10_005; n += 1) {
      await handler({ payload: { ...tap, pageId: `x${n}` } } as StoredEvent, attempt);
    }
    expect(lines).toBe(10_000);
  });
});

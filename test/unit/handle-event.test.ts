import { pino } from 'pino';
import { createEventHandler } from '../../src/handle-event';
import { GraphConnectionError } from '../../src/messenger/graph-error';
import { StoreError } from '../../src/queue/event-store';
import type { CompletedCall } from '../../src/messenger/resume-calls';
import { refusal } from '../support/refusal';
import { recordingGraph } from '../support/recording-graph';

const payload = (content: object) => ({ object: 'page', channel: 'messaging', kind: 'message', psid: '1', content });
const tap = payload({ message: { quick_reply: { payload: 'pass_to_inbox' } } });

async function handle(what: { payload?: unknown; failWith?: Error; completed?: CompletedCall[] }) {
  const graph = recordingGraph({});
  const failing = () => Promise.reject(what.failWith ?? new Error('unused'));
  const notes: CompletedCall[] = [];
  const handler = createEventHandler(
    what.failWith === undefined ? graph : { call: failing, get: failing },
    { appId: undefined },
    pino({ enabled: false }),
  );
  const stored = {
    id: 'e',
    conversation: 'c',
    timestamp: 0,
    state: 'waiting',
    receivedAt: 0,
    attempts: 0,
    calls: [],
  } as const;
  const verdict = await handler(
    { ...stored, payload: what.payload ?? tap },
    { completed: what.completed ?? [], note: (call) => Promise.resolve(void notes.push(call)) },
  );
  return { verdict, notes, paths: graph.calls.map(([path]) => path) };
}

describe('what becomes of an event', () => {
  it('is done, with the calls of this attempt counted and noted', async () => {
    const { verdict, notes } = await handle({});
    expect(verdict).toEqual({ kind: 'done', calls: 2 });
    expect(notes.map(({ path }) => path)).toEqual(['/messages', '/pass_thread_control']);
  });

  it('is done without calls when it is ignored', async () => {
    expect((await handle({ payload: payload({ read: {} }) })).verdict).toEqual({ kind: 'done', calls: 0 });
  });

  it('goes on where an earlier attempt has stopped', async () => {
    const { verdict, paths } = await handle({ completed: [{ path: '/messages', answer: {} }] });
    expect(paths).toEqual(['/pass_thread_control']);
    expect(verdict).toEqual({ kind: 'done', calls: 1 });
  });

  it.each<[string, Error, object]>([
    ['no answer', new GraphConnectionError('/messages', 'ECONNRESET'), { kind: 'retry' }],
    ['a temporary error', refusal({ code: 2 }), { kind: 'retry' }],
    ['a rate limit', refusal({ code: 613, regainMs: 60_000 }), { kind: 'pause', forMs: 60_000 }],
    ['a rate limit without a time', refusal({ code: 613 }), { kind: 'pause', forMs: undefined }],
    [
      'an invalid token',
      refusal({ code: 190 }),
      { kind: 'hold', reason: expect.stringContaining('Generate a new Page access token') as string },
    ],
    ['a person who cannot be reached', refusal({ code: 551 }), { kind: 'set_aside', isExpected: true }],
    ['a wrong request', refusal({ code: 100 }), { kind: 'set_aside', isExpected: false }],
    ['a note that could not be stored', new StoreError('disk full'), { kind: 'retry', reason: 'disk full' }],
    [
      'a mistake of the handler',
      new TypeError('x is not a function'),
      { kind: 'set_aside', reason: expect.stringContaining('x is not a function') as string },
    ],
  ])('after %s', async (_what, failWith, expected) => {
    expect((await handle({ failWith })).verdict).toMatchObject(expected);
  });
});

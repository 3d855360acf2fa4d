import fc from 'fast-check';
import { expectGraphCalls, makeBot, post, sign } from '../support/bot';
import { FIXTURE_TIME, ids } from '../support/fixtures';
import { graphStandIn, type StandInCall } from '../support/graph-stand-in';
import { startHttpServer } from '../support/http-server';

/* Property tests: whatever comes in at the front door, it neither crashes the bot, nor makes it call what the tables do not name. */

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

const quickReply = fc.record({
  payload: fc.oneof(fc.constantFrom('pass_to_inbox', 'take_from_inbox'), fc.jsonValue()),
});
const message = fc.oneof(
  fc.jsonValue(),
  fc.record(
    { mid: fc.string(), text: fc.string(), is_echo: fc.jsonValue(), quick_reply: fc.oneof(quickReply, fc.jsonValue()) },
    { requiredKeys: [] },
  ),
);
const owner = fc.oneof(fc.constantFrom(ids.app, ids.pageInbox, 5, null), fc.jsonValue());
const participant = fc.oneof(
  fc.constantFrom({ id: '1' }, { id: 2 }, { id: ids.page }, { id: 2 ** 53 }, { id: 0.5 }, { user_ref: 'x' }),
  fc.jsonValue(),
);
const event = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      sender: participant,
      recipient: participant,
      timestamp: fc.oneof(fc.constant(FIXTURE_TIME), fc.integer(), fc.jsonValue()),
      message,
      postback: fc.jsonValue(),
      pass_thread_control: fc.record({ new_owner_app_id: owner }),
      take_thread_control: fc.jsonValue(),
      request_thread_control: fc.record({ requested_owner_app_id: owner }),
      surprise: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);
const events = fc.oneof(fc.array(event, { maxLength: 4 }), fc.jsonValue());
const entry = fc.oneof(
  fc.jsonValue(),
  fc.record(
    { id: fc.oneof(fc.constant(ids.page), fc.jsonValue()), time: fc.jsonValue(), messaging: events, standby: events },
    { requiredKeys: [] },
  ),
);
const body = fc.oneof(
  fc.jsonValue(),
  fc.record({
    object: fc.oneof(fc.constantFrom('page', 'instagram'), fc.jsonValue()),
    entry: fc.oneof(fc.array(entry, { maxLength: 3 }), fc.jsonValue()),
  }),
);

const allowedTitles = ['Pass to Inbox', 'Take From Inbox'];

function expectNamedByTheTables({ path, body: sent }: StandInCall): void {
  expect(['/me/messages', '/me/pass_thread_control', '/me/take_thread_control']).toContain(path);
  const {
    recipient,
    message: text,
    target_app_id: target,
  } = sent as {
    recipient: { id: string };
    message?: { quick_replies: { title: string }[] };
    target_app_id?: string;
  };
  expect(typeof recipient.id).toBe('string');
  if (path === '/me/messages') expect(allowedTitles).toContain(text?.quick_replies[0]?.title);
  if (path === '/me/pass_thread_control') expect(target).toMatch(/^\d+$/);
}

describe('arbitrary input', () => {
  it.each([{}, { APP_SECRET: 'app-secret-of-the-tests' }])(
    'as JSON bodies: 200 or a clear refusal, and only calls that the tables name (%p)',
    async (env) => {
      const graph = await graphStandIn();
      const bot = await makeBot({ GRAPH_API_URL: graph.url, LOG_LEVEL: 'silent', ...env });
      const { url } = await startHttpServer(bot.app); // one for all: to start one for each takes long
      await fc.assert(
        fc.asyncProperty(body, async (value) => {
          const text = JSON.stringify(value);
          const response = await post(url, text, { 'X-Hub-Signature-256': sign(text) });
          await bot.idle();
          expect([200, 400, 404]).toContain(response.status);
          graph.calls.splice(0).forEach(expectNamedByTheTables);
        }),
        { numRuns: RUNS },
      );
    },
  );

  it('as raw bytes with arbitrary headers: refused, never a 5xx, never a call', async () => {
    const calls = expectGraphCalls(0);
    const bot = await makeBot({ LOG_LEVEL: 'silent' });
    const { url } = await startHttpServer(bot.app);
    const headerValue = fc.stringMatching(/^[\x21-\x7e]{0,40}$/);
    const type = fc.oneof(
      fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16'),
      headerValue,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 200 }),
        type,
        headerValue,
        async (text, contentType, signature) => {
          const response = await post(url, text, { 'Content-Type': contentType, 'X-Hub-Signature-256': signature });
          expect(response.status).toBeGreaterThanOrEqual(400);
          expect(response.status).toBeLessThan(500);
        },
      ),
      { numRuns: RUNS },
    );
    await bot.idle();
    expect(calls).toEqual([]);
  });

  it('as floods of brackets, names, texts and numbers, up to 5 MiB: taken or refused in a sentence, never a 5xx', async () => {
    const bot = await makeBot({ LOG_LEVEL: 'silent' });
    const unit = fc.constantFrom(
      '{},',
      '[],',
      '[',
      '{"a":',
      '"a":1,',
      '"k",',
      '1e9,',
      '\\u0000',
      '"\\\\",',
      '{"messaging":[{}]},',
    );
    const place = fc.constantFrom(
      '{"entry":[',
      '{"entry":[{"messaging":[',
      '{"entry":[{"standby":[{"x":[',
      '[',
      '{"a":"',
    );
    const tail = fc.constantFrom('1]}', '{}]}]}', '1]}]}]}', ']', '"}', '');
    const size = fc.integer({ min: 1, max: 5 * 1024 * 1024 - 100 });
    await fc.assert(
      fc.asyncProperty(unit, place, tail, size, async (one, begin, end, bytes) => {
        const text = `${begin}${one.repeat(Math.ceil(bytes / one.length)).slice(0, bytes)}${end}`;
        const { status, text: answer } = await post(bot.app, text);
        expect([200, 400, 413]).toContain(status);
        expect(answer).toMatch(status === 200 ? /^OK$/ : /^The body [^\n]+\.$/);
      }),
      { numRuns: Math.ceil(RUNS / 30) },
    );
  });

  it('as JSON nested a hundred thousand levels deep', async () => {
    const bot = await makeBot({ LOG_LEVEL: 'silent' });
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect((await post(bot.app, deep)).status).toBe(400);
    const inside = `{"object":"page","entry":[{"messaging":[{"sender":{"id":"1"},"x":${deep}}]}]}`;
    expect((await bot.deliver(inside)).status).toBe(200);
  });

  it('as a body that tries to reach the prototype of objects', async () => {
    const bot = await makeBot({ LOG_LEVEL: 'silent' });
    await bot.deliver(
      '{"__proto__":{"polluted":1},"entry":[{"messaging":[{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]}]}',
    );
    expect({}).not.toHaveProperty('polluted');
  });
});

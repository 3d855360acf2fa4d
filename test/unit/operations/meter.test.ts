import { createMetrics, type Gauges } from '../../../src/operations/meter';

const quiet: Gauges = {
  ready: true,
  waiting: 7,
  setAside: 2,
  mostWaiting: 100,
  oldestWaiting: 1.5,
  underWay: 3,
  pages: [{ page: 'me', paused: 12, held: undefined, inLine: 4 }],
  humanHands: 5,
  unanswered: 2,
  oldestUnanswered: 60,
  lastWordIsThePersons: 3,
  oldestLastWord: 90,
};

describe('the metrics', () => {
  it('show each figure under a name of its own', async () => {
    const { text, contentType } = createMetrics(() => Promise.resolve(quiet));
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'messenger_bot_ready 1',
        'messenger_bot_queue_events{state="waiting"} 7',
        'messenger_bot_queue_events{state="set_aside"} 2',
        'messenger_bot_queue_limit_events 100',
        'messenger_bot_queue_oldest_seconds 1.5',
        'messenger_bot_conversations_under_way 3',
        'messenger_bot_messages_in_line{page="me"} 4',
        'messenger_bot_sending_stopped_seconds{page="me",why="paused"} 12',
        'messenger_bot_sending_stopped_seconds{page="me",why="held"} 0',
        'messenger_bot_human_conversations 5',
        'messenger_bot_human_unanswered_conversations 2',
        'messenger_bot_human_unanswered_oldest_seconds 60',
        'messenger_bot_human_last_word_is_persons_conversations 3',
        'messenger_bot_human_last_word_is_persons_oldest_seconds 90',
      ]),
    );
  });

  it('count what happens, and what was never answered as such', async () => {
    const { meter, text } = createMetrics(() => Promise.resolve({ ...quiet, ready: false }));
    expect(await text()).toContain('messenger_bot_webhook_requests_total{status="401",signed="no"} 0\n');
    meter.webhookAnswered(200, true);
    meter.webhookAnswered(0, true);
    meter.webhookAnswered(401, false);
    meter.known(3);
    meter.attemptFailed('message');
    meter.paced(0.25);
    meter.paced(0.5);
    meter.answered(0.15);
    meter.graphCall('/messages', '190/463', 0.4);
    const lines = (await text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'messenger_bot_ready 0',
        'messenger_bot_webhook_requests_total{status="200",signed="yes"} 1',
        'messenger_bot_webhook_requests_total{status="401",signed="no"} 1',
        'messenger_bot_webhook_requests_total{status="401",signed="yes"} 0',
        'messenger_bot_webhook_requests_total{status="503",signed="yes"} 0',
        'messenger_bot_events_total{channel="standby",kind="quick_reply",outcome="set_aside"} 0',
        'messenger_bot_events_total{channel="messaging",kind="message",outcome="set_aside"} 0',
        'messenger_bot_webhook_requests_total{status="none",signed="yes"} 1',
        'messenger_bot_events_known_total 3',
        'messenger_bot_attempts_failed_total{kind="message"} 1',
        'messenger_bot_paced_messages_total 2',
        'messenger_bot_paced_seconds_total 0.75',
        'messenger_bot_event_duration_seconds_bucket{le="0.1"} 0',
        'messenger_bot_event_duration_seconds_bucket{le="0.2"} 1',
        'messenger_bot_graph_calls_total{path="/messages",code="190/463"} 1',
        'messenger_bot_graph_call_duration_seconds_bucket{le="0.3",path="/messages"} 0',
        'messenger_bot_graph_call_duration_seconds_bucket{le="0.5",path="/messages"} 1',
      ]),
    );
  });

  it('belong to one bot each: two can run in a process', async () => {
    const [one, other] = [createMetrics(() => Promise.resolve(quiet)), createMetrics(() => Promise.resolve(quiet))];
    one.meter.known(1);
    expect(await other.text()).toContain('messenger_bot_events_known_total 0\n');
  });

  it('show nothing of a Page that has left, and count failures and what was given up by Page', async () => {
    let pages = [{ page: 'Bakery', paused: undefined, held: 5, inLine: 1 }];
    const { meter, text } = createMetrics(() => Promise.resolve({ ...quiet, pages }));
    meter.graphError('Bakery', '190/463');
    meter.setAside('not listed');
    expect((await text()).split('\n')).toEqual(
      expect.arrayContaining([
        'messenger_bot_sending_stopped_seconds{page="Bakery",why="held"} 5',
        'messenger_bot_graph_errors_total{page="Bakery",code="190/463"} 1',
        'messenger_bot_events_set_aside_total{page="not listed"} 1',
      ]),
    );
    pages = [];
    expect(await text()).not.toMatch(/(?:sending_stopped_seconds|messages_in_line)\{/);
  });
});

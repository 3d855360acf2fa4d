import { MessageLimitError, sendQuickReplies, sendQuickReply } from '../../../src/messenger/quick-reply';
import { recordingGraph } from '../../support/recording-graph';

describe('sendQuickReply', () => {
  it('sends a text with one button and returns the id of the message', async () => {
    const graph = recordingGraph({ recipient_id: '1', message_id: 'm_1' });
    await expect(sendQuickReply(graph, '1', 'text', 'title', 'payload')).resolves.toEqual({ messageId: 'm_1' });
    expect(graph.calls).toEqual([
      [
        '/messages',
        {
          recipient: { id: '1' },
          messaging_type: 'RESPONSE',
          message: { text: 'text', quick_replies: [{ content_type: 'text', title: 'title', payload: 'payload' }] },
        },
      ],
    ]);
  });

  it('does not fail over an answer without an id', async () => {
    await expect(sendQuickReply(recordingGraph({}), '1', 'a', 'b', 'c')).resolves.toEqual({ messageId: undefined });
  });
});

describe('sendQuickReplies', () => {
  const button = { title: 't', payload: 'p' };

  it('sends several buttons, with pictures where they have one', async () => {
    const graph = recordingGraph({});
    await sendQuickReplies(graph, '1', 'text', [button, { ...button, imageUrl: 'https://x.example/a.png' }]);
    const { message } = graph.calls[0]?.[1] as { message: { quick_replies: object[] } };
    expect(message.quick_replies).toStrictEqual([
      { content_type: 'text', title: 't', payload: 'p' },
      { content_type: 'text', title: 't', payload: 'p', image_url: 'https://x.example/a.png' },
    ]);
  });

  it('takes everything up to the limits, counting an emoji once', async () => {
    const graph = recordingGraph({});
    const full = { title: '👋'.repeat(20), payload: 'p'.repeat(1000) };
    await sendQuickReplies(
      graph,
      '1',
      'x'.repeat(2000),
      Array.from({ length: 13 }, () => full),
    );
    expect(graph.calls).toHaveLength(1);
  });

  it.each([
    ['2000', 'x'.repeat(2001), [button]],
    ['2000', '', [button]],
    ['13', 'x', []],
    ['13', 'x', Array.from({ length: 14 }, () => button)],
    ['20', 'x', [{ ...button, title: 'x'.repeat(21) }]],
    ['20', 'x', [{ ...button, title: '' }]],
    ['1000', 'x', [button, { ...button, payload: 'x'.repeat(1001) }]],
    ['1000', 'x', [{ ...button, payload: '' }]],
  ])('names the limit of %s before anything is sent', async (limit, text, buttons) => {
    const graph = recordingGraph({});
    const sending = sendQuickReplies(graph, '1', text, buttons);
    await expect(sending).rejects.toBeInstanceOf(MessageLimitError);
    await expect(sending).rejects.toThrow(new RegExp(`\\b${limit}\\b`));
    expect(graph.calls).toEqual([]);
  });
});

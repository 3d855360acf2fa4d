import {
  extendThreadControl,
  getThreadOwner,
  passThreadControl,
  releaseThreadControl,
  requestThreadControl,
  takeThreadControl,
} from '../../../src/messenger/handover-protocol';
import { recordingGraph } from '../../support/recording-graph';

const recipient = { id: '1' };
const success = { success: true };

describe('thread control', () => {
  it('is passed to an app', async () => {
    const graph = recordingGraph(success);
    await passThreadControl(graph, '1', '263902037430900');
    await passThreadControl(graph, '1', '5', { metadata: 'why' });
    expect(graph.calls).toEqual([
      ['/pass_thread_control', { recipient, target_app_id: '263902037430900' }],
      ['/pass_thread_control', { recipient, target_app_id: '5', metadata: 'why' }],
    ]);
  });

  it.each([
    ['/take_thread_control', takeThreadControl],
    ['/release_thread_control', releaseThreadControl],
    ['/request_thread_control', requestThreadControl],
  ])('%s, with and without metadata', async (path, helper) => {
    const graph = recordingGraph(success);
    await helper(graph, '1');
    await helper(graph, '1', { metadata: 'why' });
    expect(graph.calls).toEqual([
      [path, { recipient }],
      [path, { recipient, metadata: 'why' }],
    ]);
  });

  it('is extended by up to 7 days', async () => {
    const graph = recordingGraph(success);
    await extendThreadControl(graph, '1', 1);
    await extendThreadControl(graph, '1', 604_800);
    expect(graph.calls).toEqual([
      ['/extend_thread_control', { recipient, duration: 1 }],
      ['/extend_thread_control', { recipient, duration: 604_800 }],
    ]);
  });

  it.each([0, -5, 1.5, 604_801, NaN])('is not extended by %p seconds', async (seconds) => {
    const graph = recordingGraph(success);
    await expect(extendThreadControl(graph, '1', seconds)).rejects.toThrow(/604800 whole seconds/);
    expect(graph.calls).toEqual([]);
  });
});

describe('getThreadOwner', () => {
  const ownerOf = (answer: Record<string, unknown>) => getThreadOwner(recordingGraph(answer), '1');

  it('asks for the person', async () => {
    const graph = recordingGraph({ data: [] });
    await getThreadOwner(graph, '1');
    expect(graph.calls).toEqual([['/thread_owner', { recipient: '1' }]]);
  });

  it.each(['42', 42])('tells the owner, its id as a string (%p)', async (app_id) => {
    await expect(ownerOf({ data: [{ thread_owner: { app_id, expiration: 9 } }] })).resolves.toEqual({
      appId: '42',
      expiration: 9,
    });
  });

  it('does not need the expiration', async () => {
    await expect(ownerOf({ data: [{ thread_owner: { app_id: '42' } }] })).resolves.toEqual({
      appId: '42',
      expiration: undefined,
    });
  });

  it('reads an expiration that is a text of digits', async () => {
    await expect(ownerOf({ data: [{ thread_owner: { app_id: '42', expiration: '1790000000' } }] })).resolves.toEqual({
      appId: '42',
      expiration: 1_790_000_000,
    });
  });

  it('tells nobody for an idle conversation', async () => {
    await expect(ownerOf({ data: [] })).resolves.toBeUndefined();
  });

  it.each([
    {},
    { data: {} },
    { data: [{}] },
    { data: [{ thread_owner: {} }] },
    { data: [{ thread_owner: { app_id: 'x' } }] },
    { data: [{ thread_owner: { app_id: 2 ** 53 } }] },
    { data: [{ thread_owner: { app_id: '42', expiration: 'soon' } }] },
  ])('does not take %j for an idle conversation', async (answer) => {
    await expect(ownerOf(answer)).rejects.toMatchObject({
      name: 'GraphAnswerError',
      message: "Graph's answer to /thread_owner is not understood",
    });
  });
});

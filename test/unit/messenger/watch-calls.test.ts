import { watchCalls, type MadeCall } from '../../../src/messenger/watch-calls';
import { recordingGraph } from '../../support/recording-graph';

describe('watchCalls', () => {
  it('tells of both kinds of call how long they took, and hands the answer on', async () => {
    const made: MadeCall[] = [];
    const graph = watchCalls(recordingGraph({ a: 1 }), (call) => made.push(call));
    await expect(graph.call('/messages', { text: 'hello' })).resolves.toEqual({ a: 1 });
    await expect(graph.get('/thread_owner', { recipient: '1' })).resolves.toEqual({ a: 1 });
    expect(made).toEqual([
      { path: '/messages', payload: { text: 'hello' }, ms: expect.any(Number) as number, error: undefined },
      { path: '/thread_owner', payload: { recipient: '1' }, ms: expect.any(Number) as number, error: undefined },
    ]);
  });

  it('tells of a failed call, too, and lets the error through', async () => {
    const made: MadeCall[] = [];
    const error = new Error('refused');
    const failing = () => Promise.reject(error);
    const graph = watchCalls({ call: failing, get: failing }, (call) => made.push(call));
    await expect(graph.call('/messages', {})).rejects.toBe(error);
    expect(made).toEqual([{ path: '/messages', payload: {}, ms: expect.any(Number) as number, error }]);
  });
});

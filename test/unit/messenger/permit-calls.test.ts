import { permitCalls } from '../../../src/messenger/permit-calls';
import { recordingGraph } from '../../support/recording-graph';

describe('permitCalls', () => {
  it('asks before each call, and tells messages apart', async () => {
    const asked: boolean[] = [];
    const graph = recordingGraph({});
    const permitted = permitCalls(graph, (isMessage) => Promise.resolve(asked.push(isMessage)));
    await permitted.call('/messages', {});
    await permitted.call('/take_thread_control', {});
    await permitted.get('/thread_owner', {});
    expect(asked).toEqual([true, false, false]);
    expect(graph.calls.map(([path]) => path)).toEqual(['/messages', '/take_thread_control', '/thread_owner']);
  });

  it('says by when a call that changes something must have left', async () => {
    const call = jest.fn(() => Promise.resolve({}));
    const permitted = permitCalls({ call, get: call }, () => Promise.resolve(1_234));
    await permitted.call('/messages', { text: 'x' });
    expect(call).toHaveBeenCalledWith('/messages', { text: 'x' }, 1_234);
  });

  it('makes no call that is not permitted', async () => {
    const graph = recordingGraph({});
    const permitted = permitCalls(graph, () => Promise.reject(new Error('no')));
    await expect(permitted.call('/messages', {})).rejects.toThrow('no');
    await expect(permitted.get('/thread_owner', {})).rejects.toThrow('no');
    expect(graph.calls).toEqual([]);
  });
});

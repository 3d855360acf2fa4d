import { ChangedCallsError, resumeCalls, type CompletedCall } from '../../../src/messenger/resume-calls';
import { recordingGraph } from '../../support/recording-graph';

function resumed(completed: readonly CompletedCall[]) {
  const graph = recordingGraph({ fresh: true });
  const notes: CompletedCall[] = [];
  const note = (call: CompletedCall) => Promise.resolve(void notes.push(call));
  return { graph, notes, resume: resumeCalls(graph, { completed, note }) };
}

describe('resumeCalls', () => {
  it('makes and notes every call of a first attempt', async () => {
    const { graph, notes, resume } = resumed([]);
    await resume.get('/thread_owner', {});
    await resume.call('/messages', {});
    expect(graph.calls.map(([path]) => path)).toEqual(['/thread_owner', '/messages']);
    expect(notes).toEqual([
      { path: '/thread_owner', answer: { fresh: true } },
      { path: '/messages', answer: { fresh: true } },
    ]);
  });

  it('skips what an earlier attempt has completed, and answers as then', async () => {
    const { graph, notes, resume } = resumed([{ path: '/messages', answer: { message_id: 'm' } }]);
    await expect(resume.call('/messages', {})).resolves.toEqual({ message_id: 'm' });
    await expect(resume.call('/pass_thread_control', {})).resolves.toEqual({ fresh: true });
    expect(graph.calls.map(([path]) => path)).toEqual(['/pass_thread_control']);
    expect(notes).toHaveLength(1);
  });

  it('skips every call that is through, not only the first one', async () => {
    const through = ['/take_thread_control', '/messages'].map((path, n) => ({ path, answer: { n } }));
    const { graph, resume } = resumed(through);
    await expect(resume.call('/take_thread_control', {})).resolves.toEqual({ n: 0 });
    await expect(resume.call('/messages', {})).resolves.toEqual({ n: 1 });
    await expect(resume.get('/thread_owner', {})).resolves.toEqual({ fresh: true });
    expect(graph.calls.map(([path]) => path)).toEqual(['/thread_owner']);
  });

  it('answers only after the note is safe', async () => {
    let safe: () => void = () => undefined;
    const noted = new Promise<void>((resolve) => (safe = resolve));
    const resume = resumeCalls(recordingGraph({}), { completed: [], note: () => noted });
    let answered = false;
    const call = resume.call('/messages', {}).then(() => (answered = true));
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    safe();
    await call;
  });

  it('notes nothing when a call fails', async () => {
    const notes: unknown[] = [];
    const failing = { call: () => Promise.reject(new Error('no')), get: () => Promise.reject(new Error('no')) };
    const resume = resumeCalls(failing, { completed: [], note: (call) => Promise.resolve(void notes.push(call)) });
    await expect(resume.call('/messages', {})).rejects.toThrow('no');
    expect(notes).toEqual([]);
  });

  it('refuses to guess when the calls are others than before', async () => {
    const { graph, resume } = resumed([{ path: '/take_thread_control', answer: {} }]);
    await expect(resume.call('/messages', {})).rejects.toThrow(ChangedCallsError);
    expect(graph.calls).toEqual([]);
  });
});

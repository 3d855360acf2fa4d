import { loadConfig } from '../../../src/config';
import { createLogger } from '../../../src/process/logger';
import { logCalls } from '../../../src/messenger/log-calls';
import { recordingGraph } from '../../support/recording-graph';

describe('logCalls', () => {
  it('notes endpoint and time of both kinds of call, never a text or an id, and hands the answer on', async () => {
    const lines: string[] = [];
    const config = loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token', LOG_LEVEL: 'debug' });
    const graph = logCalls(recordingGraph({ a: 1 }), createLogger(config, { write: (line) => void lines.push(line) }));
    await expect(graph.call('/messages', { recipient: { id: '2460100000' }, text: 'private' })).resolves.toEqual({
      a: 1,
    });
    await expect(graph.get('/thread_owner', { recipient: '2460100000' })).resolves.toEqual({ a: 1 });
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ msg: 'graph call', path: '/messages', ms: expect.any(Number) as number }),
      expect.objectContaining({ msg: 'graph call', path: '/thread_owner', ms: expect.any(Number) as number }),
    ]);
    expect(lines.join()).not.toMatch(/2460100000|private/);
  });
});

import type { Logger } from 'pino';
import type { GraphApi, GraphObject } from './graph-api';

/**
 * Notes every completed call: endpoint and milliseconds, never a text or an id. A failed one is noted by whoever made it.
 *
 * @param graph the way to the Graph API that is wrapped
 * @param log where the lines go
 */
export function logCalls(graph: GraphApi, log: Logger): GraphApi {
  const timed = async (path: string, request: () => Promise<GraphObject>) => {
    const start = performance.now();
    const answer = await request();
    log.debug({ path, ms: Math.round(performance.now() - start) }, 'graph call');
    return answer;
  };
  return {
    call: (path, payload) => timed(path, () => graph.call(path, payload)),
    get: (path, query) => timed(path, () => graph.get(path, query)),
  };
}

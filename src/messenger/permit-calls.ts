import type { GraphApi } from './graph-api';

/**
 * Asks before each call whether it may leave now.
 *
 * @param graph the way to the Graph API that is wrapped
 * @param permit resolves when the call may leave, with the time by which it must have, and rejects when it may not; messages are told apart, since they are paced
 */
export function permitCalls(graph: GraphApi, permit: (isMessage: boolean) => Promise<number>): GraphApi {
  return {
    call: async (path, payload) => graph.call(path, payload, await permit(path === '/messages')),
    get: async (path, query) => {
      await permit(false);
      return graph.get(path, query);
    },
  };
}

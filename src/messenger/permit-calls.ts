import type { GraphApi } from './graph-api';

/**
 * Asks before each call whether it may leave now.
 *
 * @param graph the way to the Graph API that is wrapped
 * @param permit resolves when the call may leave, and rejects when it may not; messages are told apart, since they are paced
 */
export function permitCalls(graph: GraphApi, permit: (isMessage: boolean) => Promise<void>): GraphApi {
  return {
    call: async (path, payload) => {
      await permit(path === '/messages');
      return graph.call(path, payload);
    },
    get: async (path, query) => {
      await permit(false);
      return graph.get(path, query);
    },
  };
}

import type { Clock } from '../clock';
import type { GraphApi } from './graph-api';

/**
 * Spaces calls to `/messages` evenly, in the order they come, without a burst after a pause. A Page that sends more than 40
 * messages a second makes its Page Inbox stop showing and sending messages. Other calls are not held back.
 *
 * @param graph the way to the Graph API that is wrapped
 * @param perSecond how many messages a second, at least 1
 * @param clock tells and waits
 * @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting
 */
export function paceMessages(graph: GraphApi, perSecond: number, clock: Clock): GraphApi {
  const spacing = 1_000 / perSecond;
  let last = -Infinity;
  let turn = Promise.resolve();

  const waitForTurn = (): Promise<void> => {
    turn = turn.then(async () => {
      // Timers may fire a little early, hence the loop: the spacing is kept in any case.
      for (let ms = last + spacing - clock.now(); ms > 0; ms = last + spacing - clock.now()) {
        const wait = Math.ceil(ms);
        await new Promise<void>((resolve) => clock.after(wait, resolve));
      }
      last = clock.now();
    });
    return turn;
  };

  return {
    call: async (path, payload) => {
      if (path === '/messages') await waitForTurn();
      return graph.call(path, payload);
    },
    get: (path, query) => graph.get(path, query),
  };
}

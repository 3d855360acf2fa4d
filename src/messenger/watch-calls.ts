import type { GraphApi, GraphObject } from './graph-api';

/** A call that was made, whatever came of it. */
export interface MadeCall {
  /** The endpoint, like `/messages`. */
  readonly path: string;
  /** What was sent, or asked for. */
  readonly payload: GraphObject;
  readonly ms: number;
  /** What it was rejected with; undefined where it succeeded. */
  readonly error: unknown;
}

/**
 * Tells of every call once it is through.
 *
 * @param graph the way to the Graph API that is wrapped
 * @param made is told of each; it must not throw
 */
export function watchCalls(graph: GraphApi, made: (call: MadeCall) => void): GraphApi {
  const timed = async (path: string, payload: GraphObject, request: () => Promise<GraphObject>) => {
    const start = performance.now();
    const tell = (error: unknown): void => {
      made({ path, payload, ms: performance.now() - start, error });
    };
    try {
      const answer = await request();
      tell(undefined);
      return answer;
    } catch (error) {
      tell(error);
      throw error;
    }
  };
  return {
    call: (path, payload, leaveBy) => timed(path, payload, () => graph.call(path, payload, leaveBy)),
    get: (path, query) => timed(path, query, () => graph.get(path, query)),
  };
}

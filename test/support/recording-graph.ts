import type { GraphApi, GraphObject } from '../../src/messenger/graph-api';

type Recorded = readonly [path: string, payload: GraphObject];

/** A Graph API that records what it is asked and always gives the same answer. */
export function recordingGraph(answer: GraphObject): GraphApi & { readonly calls: readonly Recorded[] } {
  const calls: Recorded[] = [];
  const record = (path: string, payload: GraphObject) => {
    calls.push([path, JSON.parse(JSON.stringify(payload)) as GraphObject]);
    return Promise.resolve(answer);
  };
  return { calls, call: record, get: record };
}

import { useEffect, useState } from 'preact/hooks';
import type { Snapshot } from './types.js';

/** Asks the simulator to do something; the reason is thrown when it cannot. */
export async function act(method: 'POST' | 'PUT', path: string, body: object = {}): Promise<void> {
  const answer = await fetch(`/sim${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(((await answer.json()) as { error: string }).error);
}

export async function ask<Answer>(path: string): Promise<Answer> {
  const answer = await fetch(`/sim${path}`);
  return (await answer.json()) as Answer;
}

/** What is going on, as it happens; undefined until the first news. */
export function useSnapshot(): { snapshot: Snapshot | undefined; connected: boolean } {
  const [snapshot, setSnapshot] = useState<Snapshot>();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const source = new EventSource('/sim/events');
    source.onmessage = ({ data }: MessageEvent<string>) => {
      setSnapshot(JSON.parse(data) as Snapshot);
      setConnected(true);
    };
    source.onerror = () => {
      setConnected(false);
    };
    return () => {
      source.close();
    };
  }, []);
  return { snapshot, connected };
}

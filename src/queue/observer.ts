import type { StoredEvent } from './event-store';

/** Is told what becomes of events, for those who count. It must not throw. */
export interface QueueObserver {
  /** Handled: all its calls are through, if it has made any. */
  readonly done: (event: StoredEvent, hasCalled: boolean) => void;
  readonly setAside: (event: StoredEvent) => void;
  /** An attempt has failed, and another one follows. */
  readonly failed: (event: StoredEvent) => void;
  /** A message has waited for its turn, so many milliseconds: 0 where it left at once. */
  readonly paced: (ms: number) => void;
}

export const nobody: QueueObserver = {
  done: () => undefined,
  setAside: () => undefined,
  failed: () => undefined,
  paced: () => undefined,
};

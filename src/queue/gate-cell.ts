import type { Clock } from '../process/clock';

/** Where a Page's gate stands, as plain data. Times are milliseconds by the clock of its cell. */
export interface GateState {
  readonly epoch: number;
  /** What began before this epoch is not heard. */
  readonly heardFrom: number;
  /** Missing while it is open. */
  readonly closed?: ClosedState;
}

export interface ClosedState {
  readonly kind: 'pause' | 'hold';
  readonly reason: string;
  /** How often a probe, or what closed the gate, has failed. */
  readonly failures: number;
  /** Since when it is closed in this way. */
  readonly since: number;
  /** When the next probe may leave. */
  readonly probeFrom: number;
  /** How long it is waited for news of the probe that is under way; missing while none is. */
  readonly probingUntil?: number;
}

/** What keeps where a gate stands, for all who share it. */
export interface GateCell {
  /** As it was last seen: what others have changed shows after a second or so. */
  seen(): GateState;
  /** The time of its clock. */
  now(): number;
  /**
   * Changes it, each change from what the one before has left.
   *
   * @param step what becomes of the state, and what that comes to; it may be asked again, when others were faster
   * @throws {StoreError} when it cannot be changed now
   */
  change<Result>(step: (state: GateState, now: number) => readonly [GateState, Result]): Promise<Result>;
  /** How long it is waited for news of a probe, in milliseconds: who has made it may be gone. */
  readonly probeLimitMs: number;
}

/** A gate that was never closed. */
export const OPEN: GateState = { epoch: 0, heardFrom: 0 };

/** Makes the cell of a gate that this process shares with nobody: who has made a probe is there as long as the cell. */
export function createOwnCell(clock: Clock): GateCell {
  let state = OPEN;
  return {
    seen: () => state,
    now: () => clock.monotonic(),
    change(step) {
      const [next, result] = step(state, clock.monotonic());
      state = next;
      return Promise.resolve(result);
    },
    probeLimitMs: Infinity,
  };
}

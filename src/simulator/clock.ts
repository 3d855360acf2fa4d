/** Simulated time: it runs with real time, and can be moved forward. */
export interface SimulatedClock {
  /** Milliseconds since 1970, simulated. */
  now(): number;
  /** Calls back once, after simulated milliseconds. */
  after(ms: number, callback: () => void): () => void;
  /** Moves time forward; whatever falls due on the way is called back, in order. */
  advance(ms: number): void;
  /** Cancels everything that is planned, and plans nothing more. */
  stop(): void;
}

interface Plan {
  readonly at: number;
  readonly callback: () => void;
  timer: NodeJS.Timeout;
}

/** The longest delay a timer takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function simulatedClock(): SimulatedClock {
  let ahead = 0;
  let stopped = false;
  const plans = new Set<Plan>();
  const now = () => Date.now() + ahead;
  const run = (plan: Plan) => {
    clearTimeout(plan.timer);
    if (plans.delete(plan)) plan.callback();
  };
  const arm = (plan: Omit<Plan, 'timer'>, self: () => Plan) =>
    setTimeout(
      () => {
        run(self());
      },
      Math.min(LONGEST_TIMER_MS, Math.max(0, plan.at - now())),
    );

  return {
    now,
    after(ms, callback) {
      if (stopped) return () => undefined;
      const at = now() + ms;
      const plan: Plan = { at, callback, timer: arm({ at, callback }, () => plan) };
      plans.add(plan);
      return () => {
        clearTimeout(plan.timer);
        plans.delete(plan);
      };
    },
    advance(ms) {
      const end = now() + ms;
      for (;;) {
        const [next] = [...plans].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        ahead += Math.max(0, next.at - now());
        run(next);
      }
      ahead += Math.max(0, end - now());
      for (const plan of plans) {
        clearTimeout(plan.timer);
        plan.timer = arm(plan, () => plan);
      }
    },
    stop() {
      stopped = true;
      for (const plan of plans) clearTimeout(plan.timer);
      plans.clear();
    },
  };
}

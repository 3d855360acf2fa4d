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
  timer?: NodeJS.Timeout;
}

export function simulatedClock(): SimulatedClock {
  let ahead = 0;
  let stopped = false;
  const plans = new Set<Plan>();
  const now = () => Date.now() + ahead;
  const moveTo = (time: number) => (ahead += Math.max(0, time - now()));
  const cancel = (plan: Plan) => {
    clearTimeout(plan.timer);
    plans.delete(plan);
  };
  const run = (plan: Plan) => {
    cancel(plan);
    plan.callback();
  };
  const arm = (plan: Plan) => {
    clearTimeout(plan.timer);
    plan.timer = setTimeout(run, plan.at - now(), plan);
  };

  return {
    now,
    after(ms, callback) {
      if (stopped) return () => undefined;
      const plan: Plan = { at: now() + ms, callback };
      plans.add(plan);
      arm(plan);
      return () => {
        cancel(plan);
      };
    },
    advance(ms) {
      const end = now() + ms;
      for (;;) {
        const [next] = [...plans].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        moveTo(next.at);
        run(next);
      }
      moveTo(end);
      plans.forEach(arm);
    },
    stop() {
      stopped = true;
      plans.forEach(cancel);
    },
  };
}

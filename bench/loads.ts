import type { LoadPlan } from './bench';

/** The loads that every contestant is put under; the short run uses the same ones, only smaller. */
export const loads = {
  steady: (scale: number) => ({ posts: Math.ceil(1_500 * scale), eventsPerPost: 1, pace: { perSecond: 100 } }),
  flood: (scale: number) => ({ posts: Math.ceil(20_000 * scale), eventsPerPost: 1, pace: { connections: 100 } }),
  batch: (scale: number) => ({ posts: Math.ceil(200 * scale), eventsPerPost: 100, pace: { connections: 20 } }),
} satisfies Record<string, (scale: number) => LoadPlan>;

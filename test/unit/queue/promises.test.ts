import fc from 'fast-check';
import { temporaryFolder } from '../../support/temporary-folder';
import {
  HOUR,
  MINUTE,
  NOW,
  done,
  event,
  hold,
  makeQueue,
  pause,
  refused,
  retry,
  silence,
} from '../../support/queue-under-test';

/* Whatever happens, in whatever order: every event that was taken in is handled once, in its turn, or stands aside. */

type Answer = 'done' | 'retry' | 'refused' | 'silence' | 'pause' | 'hold';
type Step =
  | { readonly do: 'add'; readonly who: number }
  | { readonly do: 'answer'; readonly who: number; readonly with: Answer }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'set the clock'; readonly ms: number }
  | { readonly do: 'restart' | 'put back' | 'drop' };

const verdicts = {
  done,
  retry,
  silence,
  hold,
  pause: pause(5_000),
  refused: refused('unknown'),
} as const;
const who = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), who }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      who,
      with: fc.constantFrom<Answer>('done', 'done', 'retry', 'refused', 'silence', 'pause', 'hold'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 90_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('set the clock' as const), ms: fc.integer({ min: -HOUR, max: HOUR }) }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>({ do: 'restart' }, { do: 'restart' }, { do: 'put back' }, { do: 'drop' }),
  },
);

async function play(steps: readonly Step[]) {
  const folder = temporaryFolder();
  const taken: string[] = [];
  const dropped = new Set<string>();
  const succeeded: string[] = [];
  const stoodAside = new Set<string>();
  const answers = new Map<string, Answer>();
  let wall = 0;

  const open = async () => {
    const bot = await makeQueue({ folder });
    bot.clock.step(wall);
    bot.on(({ id, conversation }) => {
      const verdict = verdicts[answers.get(conversation) ?? 'done'];
      if (verdict.kind === 'done') succeeded.push(id);
      return verdict;
    });
    bot.queue.start();
    await bot.settle();
    return bot;
  };

  let bot = await open();
  const setAside = async () => {
    const ids: string[] = [];
    for await (const one of bot.store.list()) if (one.state === 'set_aside') ids.push(one.id);
    for (const id of ids) stoodAside.add(id);
    return ids;
  };
  for (const one of steps) {
    if (one.do === 'add') {
      const id = `${one.who}-${String(taken.length).padStart(3, '0')}`;
      await bot.queue.add([event(id, String(one.who), NOW + taken.length)]);
      taken.push(id);
    } else if (one.do === 'answer') answers.set(String(one.who), one.with);
    else if (one.do === 'pass') await bot.clock.pass(one.ms);
    else if (one.do === 'set the clock') bot.clock.step((wall = one.ms));
    else if (one.do === 'put back') for (const id of await setAside()) await bot.store.retry(id);
    else if (one.do === 'drop') {
      const [id] = await setAside();
      if (id !== undefined && (await bot.store.drop(id))) dropped.add(id);
    } else {
      await bot.queue.stop();
      await bot.store.close();
      bot = await open();
    }
    await bot.settle();
  }

  answers.clear();
  await bot.clock.pass(12 * MINUTE);
  for (const id of await setAside()) await bot.store.retry(id);
  await bot.clock.pass(2 * MINUTE);
  const waiting = await bot.store.countWaiting();
  await bot.queue.stop();
  return { taken, dropped, succeeded, waiting, stoodAside };
}

it('keeps its promises through adds, answers, clock steps, restarts and what operators do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const { taken, dropped, succeeded, waiting, stoodAside } = await play(steps);
      expect(waiting).toBe(0);
      expect([...succeeded].sort()).toEqual(taken.filter((id) => !dropped.has(id)).sort());
      for (const person of ['0-', '1-', '2-', '3-']) {
        const inTurn = succeeded.filter((id) => id.startsWith(person) && !stoodAside.has(id));
        expect(inTurn).toEqual([...inTurn].sort());
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);

import fc from 'fast-check';
import { temporaryFolder } from '../../support/temporary-folder';
import {
  HOUR,
  MINUTE,
  NOW,
  SECOND,
  done,
  event,
  hold,
  makeQueue,
  pause,
  refused,
  retry,
  silence,
} from '../../support/queue-under-test';

/*
 * Whatever happens, in whatever order: every event that was taken in is handled once, in its turn, or stands aside until a
 * person has decided. Beside the real queue there is a simple model of these promises, and both are compared after each step.
 *
 * To see a failure again, give what it prints on: `{ seed, path }` to fc.assert and `{ replayPath }` to fc.commands.
 */

/** An event that is to be handled. */
interface Owed {
  readonly id: string;
  readonly person: string;
  readonly timestamp: number;
  /** Its first call is through. */
  hasBegun: boolean;
}

interface Model {
  /** Every event there ever was. */
  readonly taken: Omit<Owed, 'hasBegun'>[];
  /** Those that are neither handled nor dropped, as they came. */
  readonly owed: Owed[];
}

type Answer = 'done' | 'half' | 'retry' | 'silence' | 'refused' | 'doubted' | 'pause' | 'hold';

const verdicts = {
  done,
  half: retry,
  retry,
  silence,
  refused: refused('event'),
  doubted: refused('unknown'),
  pause: pause(5_000),
  hold,
} as const;

/** Whose turn it is among the events of a person: what has begun, or else what happened first. */
function nextOf(owed: readonly Owed[]): Owed | undefined {
  const inOrder = [...owed].sort((a, b) => a.timestamp - b.timestamp);
  return inOrder.find(({ hasBegun }) => hasBegun) ?? inOrder[0];
}

/** The real queue, started, and what Graph would answer to whom. */
async function openReal(model: Model) {
  const folder = temporaryFolder();
  const answers = new Map<string, Answer>();
  const broken: string[] = [];
  let wall = 0;
  let hasFailed = false;

  const start = async () => {
    hasFailed = false;
    const bot = await makeQueue({ folder });
    bot.clock.step(wall);
    bot.on(async ({ id, conversation }, attempt) => {
      const standing = await idsAside(bot);
      const one = nextOf(model.owed.filter(({ id: other, person }) => person === conversation && !standing.has(other)));
      if (one?.id !== id) {
        broken.push(`${id} was tried when ${one?.id ?? 'nothing'} was to come`);
        return done;
      }
      if (attempt.completed.length !== (one.hasBegun ? 1 : 0)) broken.push(`${id} does not know what it has sent`);
      const answer = answers.get(conversation) ?? 'done';
      if (answer === 'half' && !one.hasBegun) {
        await attempt.note({ path: '/first', answer: {} });
        one.hasBegun = true;
      }
      if (answer === 'done') model.owed.splice(model.owed.indexOf(one), 1);
      else hasFailed = true;
      return verdicts[answer];
    });
    bot.queue.start();
    await bot.settle();
    return bot;
  };

  let bot = await start();
  return {
    answers,
    get bot() {
      return bot;
    },
    setClock: (ms: number) => {
      bot.clock.step(ms - wall);
      wall = ms;
    },
    restart: async (isPolite: boolean) => {
      if (isPolite) await bot.queue.stop();
      await bot.store.close();
      bot = await start();
    },
    putBack: async () => {
      const ids = await idsAside(bot);
      for (const { id } of model.owed) await expect(bot.store.retry(id)).resolves.toBe(ids.has(id));
      await bot.clock.pass(SECOND);
    },
    /** What is stored is what is owed, no more and no less. */
    agrees: async () => {
      const stored: string[] = [];
      let waiting = 0;
      for await (const { id, state, calls } of bot.store.list()) {
        stored.push(`${id} after ${calls.length} calls`);
        if (state === 'waiting') waiting += 1;
      }
      expect(broken).toEqual([]);
      expect(stored.sort()).toEqual(
        model.owed.map(({ id, hasBegun }) => `${id} after ${hasBegun ? 1 : 0} calls`).sort(),
      );
      await expect(bot.store.figures()).resolves.toMatchObject({ waiting: waiting });
      if (!hasFailed) expect(waiting).toBe(0); // nothing is in anybody's way
    },
  };
}

async function idsAside({ store }: Awaited<ReturnType<typeof makeQueue>>): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const { id, state } of store.list()) if (state === 'set_aside') ids.add(id);
  return ids;
}

type Real = Awaited<ReturnType<typeof openReal>>;

function step(name: string, run: (model: Model, real: Real) => Promise<unknown>): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    run: async (model, real) => {
      await run(model, real);
      await real.bot.settle();
      await real.agrees();
    },
    toString: () => name,
  };
}

const add = (person: string, at: number) =>
  step(`add(${person}, ${at})`, async ({ taken, owed }, { bot }) => {
    const one = { id: `${person}-${taken.length}`, person, timestamp: NOW + at };
    taken.push(one);
    owed.push({ ...one, hasBegun: false });
    await bot.queue.add([event(one.id, person, one.timestamp)]);
  });

const deliverAgain = (which: number) =>
  step(`deliverAgain(${which})`, async ({ taken }, { bot }) => {
    const one = taken[which % taken.length];
    if (one) await bot.queue.add([event(one.id, one.person, one.timestamp)]);
  });

const answer = (person: string, what: Answer) =>
  step(`answer(${person}, ${what})`, (_model, { answers }) => Promise.resolve(answers.set(person, what)));

const pass = (ms: number) => step(`pass(${ms})`, (_model, { bot }) => bot.clock.pass(ms));

const setClock = (ms: number) =>
  step(`setClock(${ms})`, (_model, real) => {
    real.setClock(ms);
    return Promise.resolve();
  });

const restart = (isPolite: boolean) => step(`restart(${String(isPolite)})`, (_model, real) => real.restart(isPolite));

const putBack = () => step('putBack()', (_model, real) => real.putBack());

const drop = (which: number) =>
  step(`drop(${which})`, async ({ owed }, { bot }) => {
    const [one] = owed.splice(which % owed.length, 1);
    if (one) await expect(bot.store.drop(one.id)).resolves.toBe(true);
  });

const person = fc.constantFrom('a', 'b', 'c');
const troubles = fc.constantFrom<Answer>('half', 'half', 'retry', 'silence', 'refused', 'doubted', 'pause', 'hold');
const often = <T>(times: number, arbitrary: fc.Arbitrary<T>) => Array.from({ length: times }, () => arbitrary);

it('keeps its promises through adds, answers, clock steps, restarts and what operators do', async () => {
  const steps = fc.commands(
    [
      ...often(
        6,
        fc.tuple(person, fc.nat(5)).map((args) => add(...args)),
      ),
      ...often(
        3,
        fc.tuple(person, troubles).map((args) => answer(...args)),
      ),
      ...often(
        2,
        person.map((one) => answer(one, 'done')),
      ),
      ...often(2, fc.nat(2 * SECOND).map(pass)),
      ...often(2, fc.nat(90 * SECOND).map(pass)),
      ...often(2, fc.boolean().map(restart)),
      ...often(2, fc.nat(20).map(drop)),
      fc.constant(putBack()),
      fc.nat(20).map(deliverAgain),
      fc.integer({ min: -HOUR, max: HOUR }).map(setClock),
    ],
    { maxCommands: 40, size: 'max' },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (commands) => {
      const model: Model = { taken: [], owed: [] };
      const real = await openReal(model);
      await fc.asyncModelRun(() => ({ model, real }), commands);
      real.answers.clear();
      await real.bot.clock.pass(12 * MINUTE);
      await real.putBack();
      await real.bot.clock.pass(2 * MINUTE);
      await real.agrees();
      expect(model.owed).toEqual([]);
      await real.bot.queue.stop();
    }),
    { numRuns: 25, interruptAfterTimeLimit: 90_000 }, // a failure is then still told
  );
}, 120_000);

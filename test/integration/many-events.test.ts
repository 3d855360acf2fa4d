import { makeBot, post } from '../support/bot';
import { eventOf, ids } from '../support/fixtures';

describe('a body with more events than the platform ever sends', () => {
  const tooMany = 'The body has more than 5,000 entries or events.';
  const batch = (count: number, channel = 'messaging') =>
    JSON.stringify({ entry: [{ id: ids.page, [channel]: Array.from({ length: count }, () => ({})) }] });
  const answer = async (json: string) => {
    const { app } = await makeBot({ LOG_LEVEL: 'silent' });
    const response = await post(app, json);
    return [response.status, response.text];
  };

  it.each([
    ['5,001 events', batch(5_001)],
    ['5,001 events on standby', batch(5_001, 'standby')],
    ['5,001 entries', JSON.stringify({ entry: Array.from({ length: 5_001 }, () => ({})) })],
    [
      '5,001 events in two entries',
      `{"entry":[{"messaging":[${'{},'.repeat(2_500)}{}],"standby":[]},{"standby":[${'{},'.repeat(2_499)}{}]}]}`,
    ],
  ])('is refused with 413: %s', async (_what, json) => {
    expect(await answer(json)).toEqual([413, tooMany]);
  });

  it.each([
    ['1.7 million empty entries', `{"entry":[${'{},'.repeat(1_700_000)}{}]}`],
    ['1.7 million empty objects in one event', `{"entry":[{"messaging":[{"x":[${'{},'.repeat(1_700_000)}{}]}]}]}`],
    [
      'arrays in arrays, 2.5 million deep',
      `{"entry":[{"messaging":[${'['.repeat(2_500_000)}${']'.repeat(2_500_000)}]}]}`,
    ],
    [
      '300,000 names',
      JSON.stringify({
        entry: [{ messaging: [Object.fromEntries(Array.from({ length: 300_000 }, (_, n) => [`k${n}`, 1]))] }],
      }),
    ],
  ])('or more values than it can have is refused with 413, before it is parsed: %s', async (_what, json) => {
    const parse = jest.spyOn(JSON, 'parse');
    expect(await answer(json)).toEqual([413, 'The body has more than 150,000 values.']);
    expect(parse).not.toHaveBeenCalledWith(json);
  });

  it('is taken where it only has many texts', async () => {
    const texts = Array.from({ length: 900 }, (_, n) => eventOf({ read: {}, note: `${n} {[:,"\\`.repeat(400) }));
    expect(await answer(JSON.stringify({ entry: [{ id: ids.page, messaging: texts }] }))).toEqual([200, 'OK']);
  });

  it('may have 150,000 values, and not one more', async () => {
    const values = (count: number) => `{"entry":[],"x":[${'1,'.repeat(count - 4)}1]}`;
    expect(await answer(values(150_000))).toEqual([200, 'OK']);
    expect((await answer(values(150_001)))[0]).toBe(413);
  });

  it.each([
    ['5,000 events', batch(5_000)],
    ['5,000 entries', JSON.stringify({ entry: Array.from({ length: 5_000 }, () => ({})) })],
  ])('is taken up to that: %s', async (_what, json) => {
    expect(await answer(json)).toEqual([200, 'OK']);
  });

  it('is read 250 at a time, with a pause between', async () => {
    const bot = await makeBot({ LOG_LEVEL: 'silent' });
    let turns = 0;
    let isStored = false;
    jest.spyOn(bot.store, 'add').mockImplementation(() => {
      isStored = true;
      return Promise.resolve({ added: 0, known: 0 });
    });
    const count = (): void => {
      turns += 1;
      if (!isStored) setImmediate(count);
    };
    const parse = JSON.parse;
    jest.spyOn(JSON, 'parse').mockImplementationOnce((value: string) => {
      setImmediate(count);
      return parse(value) as unknown;
    });
    const events = Array.from({ length: 5_000 }, (_, n) => eventOf({ message: { mid: `m${n}`, text: 'x' } }));
    await post(bot.app, JSON.stringify({ entry: [{ id: ids.page, messaging: events }] }));
    expect(turns).toBeGreaterThanOrEqual(19);
    expect(turns).toBeLessThan(100);
  });

  it('lets others come between while it is read', async () => {
    const bot = await makeBot({ LOG_LEVEL: 'silent' });
    const order: string[] = [];
    const events = Array.from({ length: 5_000 }, (_, n) => eventOf({ read: { watermark: n } }));
    jest.spyOn(bot.store, 'add').mockImplementation(() => Promise.resolve({ added: 0, known: 0 }));
    const large = post(bot.app, JSON.stringify({ entry: [{ id: ids.page, messaging: events }] }));
    void large.then(() => order.push('the large one'));
    const json = await new Promise<string>((resolve) => {
      const parse = JSON.parse;
      jest.spyOn(JSON, 'parse').mockImplementationOnce((value: string) => {
        setImmediate(() => order.push('somebody else'));
        resolve(value);
        return parse(value) as unknown;
      });
    });
    expect(json.length).toBeGreaterThan(100_000);
    await large;
    expect(order).toEqual(['somebody else', 'the large one']);
  });
});

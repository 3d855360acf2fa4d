import { createLimitedLog } from '../../../src/process/limited-log';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('what happens often', () => {
  const counted = () => {
    const limited = createLimitedLog();
    const said: [string, number][] = [];
    return {
      said,
      happen: (what: string, times = 1) => {
        for (let n = 0; n < times; n += 1) {
          limited.count(what, (count) => {
            said.push([what, count]);
          });
        }
      },
    };
  };

  it('is said at once, and then once a minute with how often it was', () => {
    const { said, happen } = counted();
    happen('a', 10);
    expect(said).toEqual([['a', 1]]);
    jest.advanceTimersByTime(59_999);
    expect(said).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(said).toEqual([
      ['a', 1],
      ['a', 9],
    ]);
    happen('a', 3);
    jest.advanceTimersByTime(59_999);
    expect(said).toHaveLength(2);
    jest.advanceTimersByTime(1);
    expect(said.at(-1)).toEqual(['a', 3]);
  });

  it('is said at once again after a minute without it', () => {
    const { said, happen } = counted();
    happen('a');
    jest.advanceTimersByTime(60_000);
    expect(said).toHaveLength(1);
    happen('a');
    expect(said).toEqual([
      ['a', 1],
      ['a', 1],
    ]);
  });

  it('does not keep other things from being said', () => {
    const { said, happen } = counted();
    happen('a');
    happen('b');
    expect(said).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });
});

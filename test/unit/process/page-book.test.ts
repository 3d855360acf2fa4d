import { bookOf, bookOfToken } from '../../support/pages';

describe('the one Page of a token', () => {
  it('is the Page of every event, and is named in no line', () => {
    const book = bookOfToken('the-token');
    for (const account of ['1', '2', undefined]) {
      expect(book.of(account)?.accessToken).toBe('the-token');
      expect([book.keyOf(account), book.about(account)]).toEqual(['me', {}]);
    }
    expect(book.nameOf('me')).toBe('me');
    expect(book.nameOf('1')).toBe('1'); // what has waited since there was a list
  });
});

describe('a list of Pages', () => {
  const book = bookOf({ id: '1', name: 'Bakery', accessToken: 'a', instagramId: '101' }, { id: '2', accessToken: 'b' });

  it.each([
    ['a Page', '1', 'a', '1', 'Bakery'],
    ['its Instagram account', '101', 'a', '1', 'Bakery'],
    ['a Page without a name', '2', 'b', '2', '2'],
    ['one that is not listed', '3', undefined, '3', '3'],
    ['none', undefined, undefined, 'unknown', 'unknown'],
  ])('has for an event of %s its token, key and name', (_what, account, token, key, page) => {
    expect(book.of(account)?.accessToken).toBe(token);
    expect(book.keyOf(account)).toBe(key);
    expect(book.about(account)).toEqual({ page });
  });

  it('names nobody who is not on it, but what has waited since before it', () => {
    expect(['1', '2', '3', 'me'].map((key) => book.nameOf(key))).toEqual(['Bakery', '2', undefined, 'me']);
  });
});

import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Request, Response } from 'express';
import type { HttpError } from 'http-errors';
import { holdBytes } from '../../../../src/webhook/middleware/hold-bytes';
import type { Refusals } from '../../../../src/webhook/middleware/refusals';

/** Requests that share some bytes, 100 kB unless told otherwise; what is refused is noted. */
function door(most = 100_000) {
  const refused: [string, number][] = [];
  const names = new Map<Request, string>();
  const refusals: Refusals = {
    answer: (error, req) => {
      refused.push([String(names.get(req)), (error as HttpError).status]);
    },
    handler: () => undefined,
  };
  const hold = holdBytes(refusals, most);
  const request = (name: string, length?: string) => {
    const message = new IncomingMessage(new Socket());
    const get = (header: string) => (header === 'Content-Length' ? length : undefined);
    const req = Object.assign(message, { get }) as unknown as Request;
    names.set(req, name);
    let goesOn = 0;
    void hold(req, new ServerResponse(message) as unknown as Response, () => (goesOn += 1));
    expect(goesOn).toBe(1);
    return {
      sendBytes: (bytes: number) => req.emit('data', Buffer.alloc(bytes)),
      /** A piece that takes so many kB in memory. */
      send: (kilobytes: number) => req.emit('data', Buffer.alloc(kilobytes * 1_000 - 512)),
      isDestroyed: () => message.destroyed,
      end: () => req.emit('end'),
      close: () => req.emit('close'),
    };
  };
  return { request, refused };
}

const MEBIBYTE = 1024 * 1024;

describe('the bytes of bodies that are not complete', () => {
  it('may be as many as the bound, and not one more', () => {
    const { request, refused } = door();
    const one = request('one');
    one.send(60);
    request('other').send(40);
    expect(refused).toEqual([]);
    one.send(1);
    expect(refused).toEqual([['one', 503]]);
  });

  it('cost the largest one its place, and not the one that comes last', () => {
    const { request, refused } = door();
    const [small, large, middle] = [request('small'), request('large'), request('middle')];
    small.send(10);
    large.send(50);
    middle.send(40);
    small.send(5);
    expect(refused).toEqual([['large', 503]]);
    small.send(45); // 100 again
    expect(refused).toHaveLength(1);
  });

  it('cost as many as it takes', () => {
    const { request, refused } = door();
    for (const name of ['a', 'b', 'c', 'd']) request(name).send(25);
    request('e').send(101);
    expect(refused).toEqual([['e', 503]]);
    request('f').send(24);
    expect(refused).toHaveLength(2);
  });

  it.each(['end', 'close'] as const)('are free again at the %s of a body, once', (event) => {
    const { request, refused } = door();
    const one = request('one');
    one.send(90);
    one[event]();
    one.close();
    request('two').send(100);
    expect(refused).toEqual([]);
    request('three').send(1);
    expect(refused).toEqual([['two', 503]]);
  });

  it('count as what they take in memory: a piece of a byte takes more than a byte', () => {
    const { request, refused } = door();
    const one = request('one');
    for (let n = 0; n < 194; n += 1) one.sendBytes(1);
    expect(refused).toEqual([]);
    one.sendBytes(1);
    expect(refused).toEqual([['one', 503]]);
  });

  it('do not count any more once the body is refused', () => {
    const { request, refused } = door();
    const large = request('large');
    large.send(101);
    large.send(1_000);
    large.close();
    request('other').send(100);
    expect(refused).toEqual([['large', 503]]);
  });
});

describe('a body that says how long it is', () => {
  it('is not begun where it does not fit beside what the others say, unless it is of the usual size', () => {
    const { request } = door(200_000);
    const first = request('first', '100000');
    request('second', '100000');
    expect(() => request('third', '65537')).toThrow('Too much is being sent at this moment.');
    request('usual', '65536').close();
    first.close();
    request('third', '65537');
  });

  it('counts as what it has become where that is more', () => {
    const { request } = door(200_000);
    const first = request('first', '1');
    first.send(101);
    expect(() => request('second', '100000')).toThrow('Too much');
    request('third', '90000');
  });
});

describe('a refused client', () => {
  it('has half a second to read its answer; then what was read is let go with its connection', () => {
    jest.useFakeTimers();
    const { request } = door();
    const large = request('large');
    large.send(101);
    jest.advanceTimersByTime(499);
    expect(large.isDestroyed()).toBe(false);
    jest.advanceTimersByTime(1);
    expect(large.isDestroyed()).toBe(true);
    jest.useRealTimers();
  });
});

describe('a body that is too large', () => {
  it('is refused when it says so, with what cannot be a length taken for none', () => {
    const { request } = door(100 * MEBIBYTE);
    for (const length of [undefined, '0', String(5 * MEBIBYTE), 'many']) request('fine', length);
    expect(() => request('large', String(5 * MEBIBYTE + 1))).toThrow('The body is larger than 5 MiB.');
  });

  it('is refused when it turns out to be', () => {
    const { request, refused } = door(100 * MEBIBYTE);
    const growing = request('growing');
    growing.sendBytes(5 * MEBIBYTE);
    expect(refused).toEqual([]);
    growing.sendBytes(1);
    growing.sendBytes(1);
    expect(refused).toEqual([['growing', 413]]);
  });
});

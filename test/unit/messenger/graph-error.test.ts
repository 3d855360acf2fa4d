import { GraphConnectionError, type GraphErrorAnswer } from '../../../src/messenger/graph-error';
import { refusal } from '../../support/refusal';

describe('what an error of the platform means', () => {
  it.each<[string, string, Partial<GraphErrorAnswer>]>([
    ['temporary', 'retry', { httpStatus: 500 }],
    ['temporary', 'retry', { httpStatus: 503, isJson: false }],
    ['temporary', 'retry', { httpStatus: 408, isJson: false }],
    ['temporary', 'retry', { code: 1 }],
    ['temporary', 'retry', { code: 2 }],
    ['temporary', 'retry', { code: 1200 }],
    ['temporary', 'retry', { code: 100, isTransient: true }],
    ['rate_limited', 'wait', { code: 4, isTransient: true }],
    ['rate_limited', 'wait', { code: 17 }],
    ['rate_limited', 'wait', { code: 32 }],
    ['rate_limited', 'wait', { code: 613 }],
    ['rate_limited', 'wait', { code: 80006 }],
    ['rate_limited', 'wait', { httpStatus: 429 }],
    ['bad_request', 'doubt', { code: 613, subcode: 1893016 }],
    ['token_invalid', 'hold', { code: 190 }],
    ['token_invalid', 'hold', { code: 190, subcode: 463 }],
    ['token_invalid', 'hold', { httpStatus: 401 }],
    ['not_thread_owner', 'give_up', { code: 10, subcode: 2018300 }],
    ['not_thread_owner', 'give_up', { code: 100, subcode: 2534037 }],
    ['outside_window', 'give_up', { code: 10, subcode: 2018278 }],
    ['outside_window', 'give_up', { code: 10, subcode: 2018065 }],
    ['outside_window', 'give_up', { code: 10, subcode: 2534022 }],
    ['person_unreachable', 'give_up', { code: 551 }],
    ['person_unreachable', 'give_up', { code: 551, subcode: 1545041 }],
    ['person_unreachable', 'give_up', { code: 200, subcode: 1545041 }],
    ['person_unreachable', 'give_up', { code: 10, subcode: 2018108 }],
    ['person_unreachable', 'give_up', { code: 100, subcode: 2018001 }],
    ['permission_missing', 'doubt', { code: 230 }],
    ['page_restricted', 'hold', { code: 10, subcode: 1893063 }],
    ['page_restricted', 'hold', { code: 368 }],
    ['permission_missing', 'doubt', { code: 200 }],
    ['permission_missing', 'doubt', { code: 10 }],
    ['permission_missing', 'doubt', { code: 10, subcode: 7 }],
    ['permission_missing', 'doubt', { code: 3 }],
    ['bad_request', 'doubt', { code: 100 }],
    ['app_invalid', 'hold', { code: 100, message: 'Invalid appsecret_proof provided in the API argument' }],
    ['permission_missing', 'doubt', { code: 10, message: 'Invalid appsecret_proof provided in the API argument' }],
    ['not_graph', 'retry', { httpStatus: 399, isJson: true }],
    ['bad_request', 'doubt', { httpStatus: 400, isJson: true }],
    ['app_invalid', 'hold', { code: 101 }],
    ['app_invalid', 'hold', { code: 102 }],
    ['app_invalid', 'hold', { code: 104 }],
    ['app_invalid', 'hold', { code: 2500 }],
    ['bad_request', 'doubt', { code: 99 }],
    ['bad_request', 'doubt', { httpStatus: 404 }],
    ['not_graph', 'retry', { httpStatus: 404, isJson: false }],
    ['not_graph', 'retry', { httpStatus: 302, isJson: false }],
    ['not_graph', 'retry', { httpStatus: 200, isJson: false }],
  ])('%s (%s): %p', (kind, action, answer) => {
    const error = refusal(answer);
    expect([error.kind, error.action]).toEqual([kind, action]);
    expect(error.retryable).toBe(action === 'retry' || action === 'wait');
    expect(error.advice).toMatch(/^[A-Z].+\.$/);
  });

  it('names code and subcode as far as there are any', () => {
    expect(refusal({ code: 190, subcode: 463 }).message).toContain('(HTTP 400, code 190, subcode 463)');
    expect(refusal({ code: 190 }).message).toContain('(HTTP 400, code 190)');
    expect(refusal({}).message).toContain('(HTTP 400, code none)');
  });

  it('knows of no time to wait where there was no answer', () => {
    expect(new GraphConnectionError('/messages', 'ECONNRESET', true).regainMs(['1'])).toBeUndefined();
  });

  it('carries what the platform said', () => {
    const error = refusal({ code: 190, subcode: 463, type: 'OAuthException', fbtraceId: 'Abc', httpStatus: 401 });
    expect(error).toMatchObject({
      code: 190,
      subcode: 463,
      type: 'OAuthException',
      fbtraceId: 'Abc',
      httpStatus: 401,
      path: '/messages',
    });
    expect(error.message).toBe('Graph refused /messages (HTTP 401, code 190, subcode 463): m');
  });
});

describe('what may have been done', () => {
  it.each<[boolean, Partial<GraphErrorAnswer>]>([
    [true, { httpStatus: 502, isJson: false }],
    [true, { httpStatus: 504, isJson: false }],
    [false, { httpStatus: 504, isJson: false, path: '/pass_thread_control' }],
    [false, { httpStatus: 503, isJson: false }],
    [true, { httpStatus: 200, isJson: false }],
    [true, { httpStatus: 299, isJson: false }],
    [false, { httpStatus: 200, isJson: false, isPage: true }],
    [true, { httpStatus: 502, isJson: false, isPage: true }],
    [false, { httpStatus: 200, isJson: true }],
    [false, { httpStatus: 300, isJson: false }],
    [false, { httpStatus: 502, code: 2 }],
  ])('%p: %p', (mayBeDone, answer) => {
    expect(refusal(answer).mayBeDone).toBe(mayBeDone);
  });

  it('tells same errors from others by code and subcode', () => {
    expect(refusal({ code: 10, subcode: 7 }).sameness).toBe('10/7');
    expect(refusal({ code: 10 }).sameness).not.toBe(refusal({ code: 10, subcode: 7 }).sameness);
    expect(refusal({ httpStatus: 404 }).sameness).toBe('HTTP 404/-');
  });
});

describe('no answer', () => {
  it('is worth a retry', () => {
    const error = new GraphConnectionError('/messages', 'ECONNRESET', true);
    expect(error).toMatchObject({ kind: 'no_answer', action: 'retry', retryable: true, code: 'ECONNRESET' });
    expect(error.message).toBe('Graph did not answer /messages (ECONNRESET)');
    expect(error.regainMs(['1'])).toBeUndefined();
  });
});

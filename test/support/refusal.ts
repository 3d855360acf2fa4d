import { GraphApiError, type GraphErrorAnswer } from '../../src/messenger/graph-error';

/** An error that the platform answers to `/messages`. */
export function refusal(answer: Partial<GraphErrorAnswer>): GraphApiError {
  return new GraphApiError({
    path: '/messages',
    httpStatus: 400,
    isJson: true,
    isPage: false,
    message: 'm',
    code: undefined,
    subcode: undefined,
    type: undefined,
    isTransient: false,
    fbtraceId: undefined,
    regain: { all: undefined, byPage: {} },
    ...answer,
  });
}

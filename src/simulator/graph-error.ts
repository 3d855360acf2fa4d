/** An error in the platform's own shape. @see https://developers.facebook.com/docs/messenger-platform/error-codes */
export class SimulatedGraphError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly subcode?: number,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const oauth = (code: number, subcode: number | undefined, text: string) =>
  new SimulatedGraphError(code === 10 || code === 551 ? 403 : 400, code, `(#${code}) ${text}`, subcode);

/** The errors that the simulated platform answers with, each by what it is about. */
export const graphErrors = {
  parameter: (name: string, rule: string) => oauth(100, undefined, `Param ${name} ${rule}`),
  tokenInvalid: () => new SimulatedGraphError(400, 190, 'Error validating access token: the session is invalid.', 463),
  proofMissing: () => oauth(100, undefined, 'API calls from the server require an appsecret_proof argument'),
  proofInvalid: () => oauth(100, undefined, 'Invalid appsecret_proof provided in the API argument'),
  notAPage: () => oauth(210, undefined, 'A page access token is required to request this resource.'),
  notOwner: () => oauth(10, 2018300, 'This message is not sent because another app is controlling this thread now.'),
  noDefaultApplication: () => oauth(10, 2018300, 'Only the default application of the Page can take thread control.'),
  outsideWindow: () => oauth(10, 2018278, 'This message is sent outside of allowed window.'),
  unknownPerson: () => oauth(100, 2018001, 'No matching user found'),
  blocked: () => oauth(551, 1545041, "This person isn't available right now."),
  serverError: () => new SimulatedGraphError(500, 1, 'An unknown error occurred'),
  rateLimited: (pageId: string) =>
    new SimulatedGraphError(400, 613, '(#613) Calls to this api have exceeded the rate limit.', undefined, {
      'X-Business-Use-Case-Usage': JSON.stringify({
        [pageId]: [
          { type: 'messenger', call_count: 100, total_cputime: 20, total_time: 20, estimated_time_to_regain_access: 1 },
        ],
      }),
    }),
  unknownPath: (path: string) => new SimulatedGraphError(404, 2500, `Unknown path components: ${path}`),
} as const;

import type { Config } from '../../../../src/config';
import { remedyFor } from '../../../../src/cli/doctor/trouble';
import { refusal } from '../../../support/refusal';

describe('what to do about an error of Graph', () => {
  it('is its own advice, and a look at an address that is not the usual one', () => {
    const error = refusal({ code: 190 });
    const at = (graphApiUrl: string) => remedyFor(error, { graphApiUrl } as Config);
    expect(at('https://graph.facebook.com')).toBe(error.advice);
    expect(at('https://graph.example')).toBe(
      `${error.advice} GRAPH_API_URL is https://graph.example, not https://graph.facebook.com: is that meant?`,
    );
  });
});

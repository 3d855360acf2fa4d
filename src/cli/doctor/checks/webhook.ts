import { ok, unknown, wrong, type Check, type Finding } from '../finding';
import { NotChecked } from '../not-checked';
import type { Outcome } from '../visit';
import { describeConnection, remedyForConnection } from '../visit';
import type { Site } from '../site';
import { UnsafeAddressError, type WebhookVisits } from '../webhook-visits';

/** Whether the public address answers the platform's verification. */
export const webhook: Check = {
  name: 'Webhook',
  look: async (site) => {
    try {
      const { url, challenge, verification } = await site.webhook();
      return [judgeVerification(url, challenge, verification)];
    } catch (error) {
      if (!(error instanceof UnsafeAddressError)) throw error;
      return [
        wrong(
          `${error.message}; nothing was sent there.`,
          'The platform takes https addresses only: put a web server with TLS in front of the bot.',
        ),
      ];
    }
  },
};

function judgeVerification(url: URL, challenge: string, outcome: Outcome): Finding {
  const place = `${url.origin}${url.pathname}`;
  if ('code' in outcome)
    return wrong(`${place}: ${describeConnection(outcome.code)}.`, remedyForConnection(outcome.code));
  const { status, text, location, isPage } = outcome;
  if (status >= 300 && status < 400) {
    return wrong(
      `${place} redirects${describeTarget(location, url)}, which the platform does not follow.`,
      'Subscribe the address that answers by itself.',
    );
  }
  if (status === 200 && text === challenge)
    return ok(
      `${place} answers the verification${url.protocol === 'https:' ? ', over TLS that the platform takes' : ''}.`,
    );
  if (status === 403) {
    return wrong(
      `${place} refuses VERIFY_TOKEN (HTTP 403).`,
      'Was the bot started with these settings? Restart it. Otherwise another server answers there.',
    );
  }
  const what = isPage ? 'a web page' : 'something else than the challenge';
  if (status === 200)
    return wrong(
      `${place} answers ${what}: that is not the bot.`,
      'Let the web server pass this path on to PORT, whole.',
    );
  if ([502, 503, 504].includes(status)) {
    return wrong(
      `${place}: the web server does not reach the bot (HTTP ${status}).`,
      'Start the bot, and let the web server pass this path on to its PORT.',
    );
  }
  return wrong(
    `${place} answers HTTP ${status}${isPage ? ' with a web page' : ''}.`,
    'The path is /webhook: let the web server pass it on to PORT, whole.',
  );
}

/** Where to, without what may repeat the token: the query, and a path that holds something encoded. */
function describeTarget(location: string | undefined, from: URL): string {
  if (location === undefined || !URL.canParse(location, from.href)) return '';
  const { origin, pathname } = new URL(location, from.href);
  return ` to ${origin}${pathname.includes('%') ? '/…' : pathname}`;
}

/** Whether somebody else could have the webhook answer for an app of theirs. */
export const wrongToken: Check = {
  name: 'Wrong token',
  look: async (site) => {
    const { wrongToken: outcome, challenge } = await visits(site.webhook);
    if ('code' in outcome) return [unknown(`a verification with a wrong token: ${describeConnection(outcome.code)}.`)];
    if (outcome.text === challenge)
      return [
        wrong(
          'a verification with a wrong token is answered, too.',
          'What answers there is not this bot: let the web server pass the path on to it.',
        ),
      ];
    if (outcome.status === 403) return [ok('a verification with a wrong token is refused.')];
    return [unknown(`a verification with a wrong token is answered HTTP ${outcome.status}, not 403.`)];
  },
};

/** Whether the bot that runs knows the app secret that stands in the settings: they can be older than its start. */
export const signedEvents: Check = {
  name: 'Signed events',
  look: async (site) => {
    const { signed: outcome } = await visits(site.webhook);
    if (outcome === undefined)
      throw new NotChecked('APP_SECRET is not set.', 'Copy it from the App Dashboard > App settings > Basic.');
    if ('code' in outcome)
      return [unknown(`a POST that is signed with APP_SECRET: ${describeConnection(outcome.code)}.`)];
    if (outcome.status === 200) return [ok('a POST that is signed with APP_SECRET is taken.')];
    if (outcome.status === 401)
      return [
        wrong(
          'a POST that is signed with APP_SECRET is refused: the bot that runs knows another one.',
          'Let it read the settings again (systemctl reload, kill -HUP), or restart it.',
        ),
      ];
    return [unknown(`a POST that is signed with APP_SECRET is answered HTTP ${outcome.status}, not 200.`)];
  },
};

/** Whether anybody could forge events. */
export const forgedEvents: Check = {
  name: 'Forged events',
  look: async (site) => {
    const { unsigned: outcome } = await visits(site.webhook);
    if ('code' in outcome) return [unknown(`a POST without a signature: ${describeConnection(outcome.code)}.`)];
    if (outcome.status === 401) return [ok('a POST without a signature is refused.')];
    if (outcome.status === 200)
      return [
        wrong(
          'a POST without a signature is taken: anyone can forge events.',
          'Set APP_SECRET (App Dashboard > App settings > Basic) and restart the bot.',
        ),
      ];
    return [unknown(`a POST without a signature is answered HTTP ${outcome.status}, not 401.`)];
  },
};

/** @throws {NotChecked} where the address does not answer as the bot does */
async function visits(ask: Site['webhook']): Promise<WebhookVisits> {
  const found = await ask().catch((error: unknown) => {
    throw error instanceof UnsafeAddressError ? new NotChecked('the address is none: see Webhook.') : error;
  });
  if ('code' in found.verification) throw new NotChecked('the address does not answer: see Webhook.');
  return found;
}

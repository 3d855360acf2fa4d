import type { TokenFacts } from '../../../messenger/app-setup';
import type { TokenOwner } from '../../../messenger/page-setup';
import { PAGE_OF_THE_TOKEN } from '../../../process/page-book';
import { ok, unknown, wrong, type Check, type Finding } from '../finding';
import { NotChecked } from '../not-checked';
import type { Site } from '../site';
import {
  describe,
  GENERATE,
  isAboutApp,
  isAboutSignature,
  isRefusal,
  isUnknownVersion,
  remedyFor,
  requirePage,
} from '../trouble';

/** To write, and to be subscribed. @see https://developers.facebook.com/docs/permissions */
const NEEDED_SCOPES = ['pages_messaging', 'pages_manage_metadata'];
const LOOK = 'Look at it in the Access Token Debugger: https://developers.facebook.com/tools/debug/accesstoken/';
const SOON_MS = 14 * 24 * 60 * 60_000;

/** Whether the token is good, of a Page, of this app, for good, and may do what it is for. */
export const token: Check = {
  name: 'Token',
  scope: 'page',
  look: async (site) => {
    const graph = site.graph();
    const refusal = await graph.owner().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (isRefusal(refusal) && !isAboutSignature(refusal) && !isUnknownVersion(refusal)) {
      return [wrong(describe(refusal), remedyFor(refusal, site.config()))];
    }
    const owner = await requirePage(graph);
    const key = site.page?.key;
    if (key !== PAGE_OF_THE_TOKEN && key !== owner.id) {
      return [wrong(`it is of another Page: ${named(owner)}.`, `Put the token of Page ${String(key)} there.`)];
    }
    const facts = await lookInto(site, owner);
    if (Array.isArray(facts)) return facts;
    const findings = checkFacts(facts, owner, site.now());
    return findings.length > 0
      ? findings
      : [ok(`valid, of the Page ${named(owner)}, without an end, and may do what it must.`)];
  },
};

function named({ name, id }: TokenOwner): string {
  return `"${name}" (${id})`;
}

/** What the platform knows of the token, or why that is not known. */
async function lookInto(site: Site, owner: TokenOwner): Promise<TokenFacts | Finding[]> {
  const opens = `valid: it opens ${named(owner)}. Whether it is of a Page, when it ends and what it may do was not checked, because`;
  try {
    return await site.graph().token();
  } catch (error) {
    if (error instanceof NotChecked) return [unknown(`${opens} ${error.message}`, error.remedy)];
    if (isAboutApp(error)) return [unknown(`${opens} Graph refuses the app: see App secret.`)];
    if (isRefusal(error))
      return [wrong(`${describe(error)} It may have been made for another app than APP_ID.`, GENERATE)];
    throw error;
  }
}

function checkFacts(facts: TokenFacts, owner: TokenOwner, now: number): Finding[] {
  const { isValid, type, error = 'the platform does not say why' } = facts;
  if (!isValid) return [wrong(`Graph does not take it as a token of APP_ID: ${error.replace(/\.?$/, '.')}`, GENERATE)];
  if (type !== undefined && type !== 'PAGE') {
    return [wrong(`it is not of a Page but of kind ${type}: it speaks for ${named(owner)}.`, GENERATE)];
  }
  return [...findUntold(facts), ...checkEnd(facts, now), ...checkScopes(facts, owner)];
}

/** What is not told is not known: it may be bad. */
function findUntold({ type, expiresAt, scopes }: TokenFacts): Finding[] {
  const untold = [
    ...(type === undefined ? ['whether it is of a Page'] : []),
    ...(expiresAt === undefined ? ['when it ends'] : []),
    ...(scopes === undefined ? ['what it may do'] : []),
  ];
  if (untold.length === 0) return [];
  return [unknown(`it is valid, but ${untold.join(' and ')}, Graph does not tell.`, LOOK)];
}

function checkEnd({ expiresAt, dataAccessExpiresAt }: TokenFacts, now: number): Finding[] {
  const findings: Finding[] = [];
  if (expiresAt !== undefined && expiresAt !== 0) {
    findings.push(
      wrong(`it ends on ${day(expiresAt)}: the bot then falls silent.`, `${GENERATE} Such a token has no end.`),
    );
  }
  if (dataAccessExpiresAt !== undefined && dataAccessExpiresAt * 1_000 < now + SOON_MS) {
    findings.push(
      unknown(
        `its access to data ends on ${day(dataAccessExpiresAt)}.`,
        'Whoever made it has to log in to the app again, and make a new one.',
      ),
    );
  }
  return findings;
}

function checkScopes({ scopes, targets }: TokenFacts, owner: TokenOwner): Finding[] {
  if (!scopes) return [];
  return NEEDED_SCOPES.flatMap((scope) => {
    if (!scopes.includes(scope))
      return [wrong(`it lacks the permission ${scope}.`, `${GENERATE} Grant ${scope} on the way.`)];
    const pages = targets[scope];
    if (!pages || pages.includes(owner.id)) return [];
    return [
      wrong(
        `its permission ${scope} is for other Pages, not for ${named(owner)}.`,
        `${GENERATE} Choose this Page on the way.`,
      ),
    ];
  });
}

function day(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString().slice(0, 10);
}

/** Whether the App Secret is the one of the token's app, and of `APP_ID`. */
export const appSecret: Check = {
  name: 'App secret',
  look: async (site) => {
    const { appSecrets, appId } = site.config();
    const where = 'App Dashboard > App settings > Basic';
    if (appSecrets.length === 0) {
      return [unknown('APP_SECRET is not set: anyone can forge events.', `Copy it from the ${where}.`)];
    }
    const graph = site.graph();
    const answers = await Promise.allSettled([graph.owner(), graph.token()]);
    const [ofPage, ofApp] = answers.map((answer): unknown =>
      answer.status === 'rejected' ? answer.reason : undefined,
    );
    if (isAboutSignature(ofPage)) {
      return [
        wrong(
          "Graph refuses what is signed with APP_SECRET: it is not that of the token's app.",
          `Copy it again from the ${where}; the current one comes first.`,
        ),
      ];
    }
    if (isAboutApp(ofApp) || isAboutSignature(ofApp)) {
      return [
        wrong(`APP_SECRET is not that of the app APP_ID names (${String(appId)}).`, `Compare both with the ${where}.`),
      ];
    }
    if (ofApp !== undefined) {
      await requirePage(graph);
      if (!(ofApp instanceof NotChecked)) throw new NotChecked('Graph tells nothing of the token: see Token.');
    }
    return [ok(`Graph takes what is signed with it${appId === undefined ? '' : `, and it is that of app ${appId}`}.`)];
  },
};

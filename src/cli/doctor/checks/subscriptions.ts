import { NEEDED_FIELDS, OPTIONAL_FIELDS } from '../../../messenger/page-setup';
import { normalise, showAddress } from '../../address';
import { ok, unknown, wrong, type Check, type Finding } from '../finding';
import { describe, GENERATE, isRefusal, requireApp, requirePage } from '../trouble';

/** What mends a subscription, with the address where it is known. */
function subscribe(address?: string): string {
  const shown = address === undefined ? 'https://YOUR-HOST/webhook' : showAddress(address);
  return `npm run subscribe -- --url ${shown}`;
}

/** Whether the Page tells the app what it has to know. */
export const pageSubscription: Check = {
  name: 'Page subscription',
  scope: 'page',
  look: async (site) => {
    const graph = site.graph();
    await requirePage(graph);
    const { appId } = site.config();
    const apps = await graph.pageApps().catch((error: unknown) => {
      if (isRefusal(error))
        return wrong(describe(error), `Is it a token of the Page, with pages_manage_metadata? ${GENERATE}`);
      throw error;
    });
    if ('mark' in apps) return [apps];
    const mine = apps.filter(({ id }) => appId === undefined || id === appId);
    const [app] = mine;
    if (!app) return [wrong('the Page tells this app nothing.', subscribe(site.url))];
    if (mine.length > 1) return [unknown(`the Page tells ${mine.length} apps; which is this one?`, 'Set APP_ID.')];
    return checkFields(app.fields, 'the Page tells this app about', subscribe(site.url));
  },
};

/** Whether the app is told, and where. */
export const appSubscription: Check = {
  name: 'App subscription',
  look: async (site) => {
    const graph = site.graph();
    await requireApp(graph);
    const found = await graph.appSubscription();
    if (!found) return [wrong('the app has no webhook for Pages.', subscribe(site.url))];
    const { callbackUrl, isActive, fields } = found;
    const shown = showAddress(callbackUrl);
    const findings = checkFields(fields, `${shown} is told about`, subscribe(site.url ?? callbackUrl));
    if (!isActive) {
      findings.unshift(
        wrong(
          `${shown} is switched off: events do not go out.`,
          `${subscribe(site.url ?? callbackUrl)} (the platform switches off what has failed for too long)`,
        ),
      );
    }
    if (site.url !== undefined && normalise(site.url) !== normalise(callbackUrl)) {
      findings.unshift(wrong(`events go to ${shown}, not to ${showAddress(site.url)}.`, subscribe(site.url)));
    }
    return findings;
  },
};

function checkFields(fields: readonly string[], what: string, remedy: string): Finding[] {
  const missing = NEEDED_FIELDS.filter((field) => !fields.includes(field));
  if (missing.length > 0) {
    const silent = missing.includes('standby') ? ' Without standby the button "Take From Inbox" does nothing.' : '';
    return [wrong(`not subscribed to ${missing.join(', ')}.${silent}`, remedy)];
  }
  const without = OPTIONAL_FIELDS.filter((field) => !fields.includes(field));
  if (without.includes('message_echoes')) {
    return [
      unknown(
        `${what} all that it needs, but not message_echoes: the metrics cannot tell whether a human has answered.`,
        remedy,
      ),
    ];
  }
  const left = without.length > 0 ? `, without ${without.join(' and ')}, which it can do without` : '';
  return [ok(`${what} all that it needs${left}.`)];
}

/** Whether the events of the Page's Instagram account find their token. */
export const instagram: Check = {
  name: 'Instagram account',
  scope: 'page',
  ofList: true,
  look: async (site) => {
    const graph = site.graph();
    await requirePage(graph);
    const [listed, connected] = [site.page?.instagramId, await graph.instagramId()];
    const isListed = connected === undefined ? 'no instagramId' : `"instagramId": "${connected}"`;
    if (listed === connected) return [ok(listed === undefined ? 'none is connected.' : `${listed} is answered, too.`)];
    if (listed === undefined) {
      return [unknown(`${String(connected)} is connected, but not answered.`, `If it should be, add ${isListed}.`)];
    }
    return [wrong(`PAGES_FILE has ${listed}, Graph ${connected ?? 'none'}.`, `It should have ${isListed}.`)];
  },
};

/** Whether control of a conversation can be taken back. */
export const routing: Check = {
  name: 'Routing',
  scope: 'page',
  look: async (site) => {
    const graph = site.graph();
    const { id } = await requirePage(graph);
    const isOn = await graph.isRoutingOn();
    const where = `Open the settings of https://www.facebook.com/${id}, Conversation Routing, and make this app the default application.`;
    if (isOn === undefined) return [unknown('Graph does not tell whether Conversation Routing is on.', where)];
    if (!isOn) return [wrong('the Page has no default application: taking control from the inbox is refused.', where)];
    return [
      ok('Conversation Routing is on.'),
      unknown('which app is the default one, no API tells.', `It must be this one. ${where}`),
    ];
  },
};

/** What only a person can see. */
export const appReview: Check = {
  name: 'App review',
  look: (site) => {
    const { appId } = site.config();
    const page = `https://developers.facebook.com/apps/${appId === undefined ? '' : `${appId}/`}`;
    return [
      unknown(
        'whether the app is live, with pages_messaging approved, no API tells. Until then only people with a role on it are answered.',
        `Look at ${page}`,
      ),
    ];
  },
};

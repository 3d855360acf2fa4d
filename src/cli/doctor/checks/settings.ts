import { statSync } from 'node:fs';
import path from 'node:path';
import { distance } from 'fastest-levenshtein';
import { settingNames } from '../../../config';
import { ok, unknown, wrong, type Check, type Finding } from '../finding';
import { isCut, type Assignment, type EnvFile } from '../env-file';

/** What else may rightly stand in `.env`. */
const OTHER_NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'TZ'];

/** Whether the bot could start with these settings. */
export const settings: Check = {
  name: 'Settings',
  look: ({ envFile, problems }) => {
    if (problems.length === 0) return [ok(`complete, from the environment and ${describeFile(envFile)}.`)];
    return problems.map((problem) =>
      /^PAGES_FILE(,|:| is | cannot)/.test(problem)
        ? wrong(problem, 'Put it right in that file; docs/pages.md says what stands in it.')
        : wrong(problem, `Put it right in ${envFile.place}, or in the environment.`),
    );
  },
};

function describeFile({ place, assignments, trouble }: EnvFile): string {
  if (trouble) return `no file (${place} ${trouble[0]})`;
  return assignments ? place : `no file (there is no ${place})`;
}

/** Names that look like a slip of the fingers, and values that end at a `#`. */
export const envFile: Check = {
  name: 'File .env',
  look: ({ envFile: { assignments, mode, place, trouble } }) => {
    if (trouble) return [wrong(`${place} ${trouble[0]}.`, trouble[1])];
    if (!assignments) return [unknown(`there is no ${place}.`, 'Fine where the environment holds everything.')];
    const findings = [...checkMode(Number(mode), place), ...assignments.flatMap(checkAssignment)];
    return findings.length > 0 ? findings : [ok('no misspelt names, no values that are cut off, for its owner only.')];
  },
};

/** Whether others could read the tokens of the Pages. */
export const pagesFile: Check = {
  name: 'File of Pages',
  ofList: true,
  look: (site) => {
    const place = path.resolve(String(site.config().pagesFile));
    const findings = checkMode(statSync(place).mode, place);
    return findings.length > 0 ? findings : [ok(`${place} can be read, and by its owner only.`)];
  },
};

function checkMode(mode: number, place: string): Finding[] {
  if ((mode & 0o077) === 0) return [];
  const remedy = `chmod 600 ${place}`;
  const isOpen = (mode & 0o007) !== 0;
  return [
    isOpen
      ? wrong('every user of this machine may read the secrets.', remedy)
      : unknown('its group may read the secrets.', remedy),
  ];
}

function checkAssignment(assignment: Assignment): Finding[] {
  const { name } = assignment;
  const known = [...settingNames, ...OTHER_NAMES];
  if (!known.includes(name)) {
    const meant = known.find((one) => isNear(name.toUpperCase(), one));
    return meant === undefined
      ? []
      : [wrong(`${name} is no setting.`, `Is ${meant} meant? Names are in capital letters.`)];
  }
  const cut = isCut(assignment);
  const remedy = `Put it between quotes, if the # belongs to it: ${name}='…'`;
  if (cut === 'cut') return [wrong(`the value of ${name} ends at its #.`, remedy)];
  return cut === 'perhaps' ? [unknown(`the value of ${name} ends before a #.`, remedy)] : [];
}

/** A third of the letters may be wrong, but no more than two. */
function isNear(name: string, known: string): boolean {
  return distance(name, known) <= Math.min(2, Math.floor(known.length / 3));
}

/** Whether the bot insists on what it needs where strangers reach it. */
export const production: Check = {
  name: 'Production',
  look: ({ config }) =>
    config().production
      ? [ok('NODE_ENV is production.')]
      : [
          unknown(
            'NODE_ENV is not production.',
            'On a server, set NODE_ENV=production: the bot then refuses to start without APP_SECRET.',
          ),
        ],
};

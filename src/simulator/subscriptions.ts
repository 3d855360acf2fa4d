import type { Request } from 'express';
import { fill } from './access';
import { graphErrors } from './graph-error';
import type { Platform } from './platform';
import { FIELDS } from './settings';

/** `subscribed_apps` of the Page, and its profile. @see https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps */
export function subscriptionRoutes(platform: Platform): Readonly<Record<string, (req: Request) => object>> {
  const { settings } = platform;
  const { subscription } = platform.webhooks;
  const valueOf = (req: Request, name: string): unknown =>
    req.query[name] ?? (req.body as Record<string, unknown> | undefined)?.[name];
  return {
    'POST subscribed_apps': (req) => {
      const fields = readFields(valueOf(req, 'subscribed_fields'), 'subscribed_fields');
      fill(subscription.pageFields, fields);
      return { success: true };
    },
    'GET subscribed_apps': () => ({
      data:
        subscription.pageFields.size === 0
          ? []
          : [{ id: settings.appId, subscribed_fields: [...subscription.pageFields] }],
    }),
    'DELETE subscribed_apps': () => {
      subscription.pageFields.clear();
      return { success: true };
    },
    'POST messenger_profile': (req) => {
      platform.profile = { ...platform.profile, ...(req.body as object) };
      return { result: 'success' };
    },
    'GET messenger_profile': (req) => ({ data: profileOf(platform, valueOf(req, 'fields')) }),
    'DELETE messenger_profile': (req) => {
      const unwanted = namesIn(valueOf(req, 'fields'));
      platform.profile = Object.fromEntries(
        Object.entries(platform.profile).filter(([name]) => !unwanted.includes(name)),
      );
      return { result: 'success' };
    },
  };
}

/** What has been set of it; all of it where nothing is named. */
function profileOf({ profile }: Platform, fields: unknown): object[] {
  const wanted = namesIn(fields);
  const found = Object.entries(profile).filter(([name]) => fields === undefined || wanted.includes(name));
  return found.length === 0 ? [] : [Object.fromEntries(found)];
}

function namesIn(value: unknown): string[] {
  return (Array.isArray(value) ? value.map(String) : (typeof value === 'string' ? value : '').split(',')).map((name) =>
    name.trim(),
  );
}

/** Reads a list of fields, as an array or separated by commas. */
export function readFields(value: unknown, name: string): string[] {
  const fields = namesIn(value);
  const unknown = fields.find((field) => !(FIELDS as readonly string[]).includes(field));
  if (unknown !== undefined)
    throw graphErrors.parameter(name, `must be a list of ${FIELDS.join(', ')}; ${JSON.stringify(unknown)} is none`);
  return fields;
}

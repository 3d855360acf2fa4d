import type { Request } from 'express';
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
      subscription.pageFields.clear();
      for (const field of fields) subscription.pageFields.add(field);
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
    'GET messenger_profile': () => ({ data: Object.keys(platform.profile).length === 0 ? [] : [platform.profile] }),
  };
}

/** Reads a list of fields, as an array or separated by commas. */
export function readFields(value: unknown, name: string): string[] {
  const fields = (Array.isArray(value) ? value.map(String) : (typeof value === 'string' ? value : '').split(',')).map(
    (field) => field.trim(),
  );
  const unknown = fields.find((field) => !(FIELDS as readonly string[]).includes(field));
  if (unknown !== undefined)
    throw graphErrors.parameter(name, `must be a list of ${FIELDS.join(', ')}; ${JSON.stringify(unknown)} is none`);
  return fields;
}

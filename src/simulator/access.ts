import { z } from 'zod';
import type { Platform } from './platform';
import { FIELDS } from './settings';

/*
 * What a person sets up at the platform beside the conversations: what the token is, and what is subscribed. All of it can be
 * made wrong, so that what looks for mistakes can be tried out.
 */

const seconds = z.number().int().min(0);
const digits = z.string().regex(/^\d+$/);
const fields = z.array(z.enum(FIELDS));
const wishes = z.strictObject({
  tokenType: z.enum(['PAGE', 'USER']).optional(),
  tokenAppId: digits.nullable().optional(),
  tokenExpiresAt: seconds.optional(),
  dataAccessExpiresAt: seconds.optional(),
  scopes: z.array(z.string()).optional(),
  scopeTargets: z.array(digits).nullable().optional(),
  appFields: fields.optional(),
  pageFields: fields.optional(),
  active: z.boolean().optional(),
});

/**
 * Sets something up, wrongly or rightly again.
 *
 * @throws {z.ZodError} naming what is not understood
 */
export function setUp({ access, webhooks: { subscription } }: Platform, wish: unknown): void {
  const { appFields, pageFields, active, ...rest } = wishes.parse(wish);
  Object.assign(access, rest);
  if (active !== undefined) subscription.isActive = active;
  if (appFields) fill(subscription.appFields, appFields);
  if (pageFields) fill(subscription.pageFields, pageFields);
}

/** Puts these into a set, and nothing else. */
export function fill(set: Set<string>, values: readonly string[]): void {
  set.clear();
  for (const value of values) set.add(value);
}

/** Whether the token has not ended yet. */
export function isTokenAlive({ access, clock, trouble }: Platform): boolean {
  return !trouble.tokenInvalid && (access.tokenExpiresAt === 0 || clock.now() < access.tokenExpiresAt * 1_000);
}

/** What the platform tells of the token. */
export function describeToken(platform: Platform, token: string): object {
  const { access, settings } = platform;
  if (access.tokenAppId !== null) {
    const message = '(#100) The App_id in the input_token did not match the Viewing App';
    return { error: { code: 100, message }, is_valid: false, scopes: [] };
  }
  const isKnown = token === settings.pageAccessToken;
  const isValid = isKnown && isTokenAlive(platform);
  const { scopes, scopeTargets, tokenType: type } = access;
  return {
    app_id: settings.appId,
    type,
    application: 'Handover bot',
    is_valid: isValid,
    ...(!isValid && { error: { code: 190, message: 'Error validating access token: the session is invalid.' } }),
    ...(type === 'PAGE' && { profile_id: settings.pageId }),
    scopes,
    granular_scopes: scopes.map((scope) => ({ scope, ...(scopeTargets && { target_ids: scopeTargets }) })),
    expires_at: access.tokenExpiresAt,
    data_access_expires_at: access.dataAccessExpiresAt,
  };
}

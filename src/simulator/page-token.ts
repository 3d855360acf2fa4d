/** What the Page's token is. @see https://developers.facebook.com/docs/graph-api/reference/debug_token */
export interface Access {
  tokenType: 'PAGE' | 'USER';
  /** The app that the token was made for, where it is not the bot's. */
  tokenAppId: string | null;
  /** Seconds since 1970; 0 is never. */
  tokenExpiresAt: number;
  dataAccessExpiresAt: number;
  scopes: readonly string[];
  /** The Pages that the scopes are for, where they are not for all. */
  scopeTargets: readonly string[] | null;
}

export const rightAccess: Readonly<Access> = {
  tokenType: 'PAGE',
  tokenAppId: null,
  tokenExpiresAt: 0,
  dataAccessExpiresAt: 0,
  scopes: ['pages_messaging', 'pages_manage_metadata', 'pages_show_list'],
  scopeTargets: null,
};

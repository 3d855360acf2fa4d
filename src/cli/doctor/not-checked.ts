/** A check cannot be made; the message says why, after "not checked, because". */
export class NotChecked extends Error {
  constructor(
    reason: string,
    readonly remedy?: string,
  ) {
    super(reason);
  }
}

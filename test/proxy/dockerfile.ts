/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly kind: string;
  /** Its options, such as `from` of `--from=build`. */
  readonly options: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Takes a Dockerfile apart: no comments, continued lines in one. */
export function parseDockerfile(text: string): Instruction[] {
  const whole = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, ' ');
  const lines = whole.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, kind = '', flags = '', rest = ''] = /^([A-Z]+)((?:\s+--\S+=\S+)*)\s+(.*)$/.exec(line) ?? [];
    const options = [...flags.matchAll(/--(\S+?)=(\S+)/g)].map(([, name, value]) => [name, value] as const);
    return { kind, options: Object.fromEntries(options) as Record<string, string>, text: rest };
  });
}

/** The exec form of a command. */
export function execForm(text: string): [string, ...string[]] {
  const parts: unknown = JSON.parse(text);
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every((part) => typeof part === 'string')) {
    throw new Error(`not in exec form: ${text}`);
  }
  return parts as [string, ...string[]];
}

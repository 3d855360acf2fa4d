import { z } from 'zod';
import type { GraphApi } from './graph-api';
import { GraphAnswerError } from './graph-error';

/** The number of an app, a Page or a person: a text, or a number in some versions. */
export const id = z.union([z.string().regex(/^\d+$/), z.int().nonnegative().transform(String)]);

/** A time in seconds since 1970: a number, or its digits. */
export const seconds = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

/**
 * Asks for something, and insists on an answer of the documented form: what is odd must not pass for what is not there.
 *
 * @param graph the way to the Graph API
 * @param path the endpoint, with its slash
 * @param query parameters beside the token
 * @param schema the documented form
 * @throws {GraphAnswerError} when the answer has another form
 * @throws {GraphError} when the call fails
 */
export async function ask<T extends z.ZodType>(
  graph: GraphApi,
  path: string,
  query: Readonly<Record<string, string>>,
  schema: T,
): Promise<z.output<T>> {
  const answer = schema.safeParse(await graph.get(path, query));
  if (!answer.success) throw new GraphAnswerError(path);
  return answer.data;
}

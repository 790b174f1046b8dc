import type { TypedDocumentString } from './operations';
import { type FieldProblem, Problem, sentence } from './problem';
import { type Answer, request } from './request';

interface GraphQLFailure {
  message: string;
  extensions?: { code?: string; fields?: FieldProblem[]; retryAfter?: number; requestId?: string };
}

interface Payload<R> {
  data?: R | null;
  errors?: GraphQLFailure[];
}

export interface Options {
  signal?: AbortSignal;
  key?: string;
}

/** Runs one operation, and throws a Problem for whatever is not its data. */
export async function run<R, V>(document: TypedDocumentString<R, V>, variables: V, options: Options = {}): Promise<R> {
  const answer = await request({
    method: 'POST',
    path: '/graphql',
    body: { query: document.toString(), variables },
    ...options,
  });
  const payload = answer.body as Payload<R> | undefined;
  const failure = payload?.errors?.[0];
  if (failure) throw problemOf(failure);
  if (!payload?.data) throw problemOfProxy(answer);
  return payload.data;
}

// What passes, by the status that tells of it.
const passing: Record<number, string> = { 429: 'RATE_LIMITED', 503: 'UNAVAILABLE' };

// A proxy before the service knows nothing of GraphQL.
function problemOfProxy({ status, body, retryAfter }: Answer): Problem {
  const { code, detail } = (body ?? {}) as { code?: string; detail?: string };
  const unclear = `The service answered with status ${status} and nothing that this page understands.`;
  return new Problem(code ?? passing[status] ?? 'INTERNAL', detail ?? unclear, [], retryAfter);
}

/** The Problem that an error of an answer is. */
export function problemOf({ message, extensions = {} }: GraphQLFailure): Problem {
  const code = extensions.code ?? 'INTERNAL';
  const detail = extensions.fields?.length === 1 ? extensions.fields[0]!.message : sentence(code, message, extensions.requestId);
  return new Problem(code, detail, extensions.fields, extensions.retryAfter);
}

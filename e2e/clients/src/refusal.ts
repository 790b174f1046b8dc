// What applications are told when the service refuses what they ask for.

/** Refusal is what an error says: a code of the service, or that by which it has closed a WebSocket, and a sentence. */
export interface Refusal {
  code: unknown;
  message: string;
}

/** refusalIn is the refusal in the errors of a GraphQL answer. */
export function refusalIn(errors: readonly { message: string; extensions?: Record<string, unknown> }[] | undefined): Refusal | undefined {
  const error = errors?.[0];
  return error && { code: error.extensions?.['code'], message: error.message };
}

/** AnswerError is the error of an answer without data, where the library leaves it to the application to make one. */
export class AnswerError extends Error {
  constructor(readonly errors: Parameters<typeof refusalIn>[0]) {
    super(refusalIn(errors)?.message ?? 'the answer has neither data nor errors');
  }
}

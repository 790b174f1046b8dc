/** What is wrong with one field of what was sent. */
export interface FieldProblem {
  field: string;
  code: string;
  message: string;
}

/** Why a request failed; its message is a sentence for people. */
export class Problem extends Error {
  constructor(
    /** A code of the service's catalogue, or UNREACHABLE. */
    readonly code: string,
    message: string,
    readonly fields: FieldProblem[] = [],
    /** Seconds after which trying again makes sense. */
    readonly retryAfter = 1,
  ) {
    super(message);
  }
}

const unexpected = 'Something went wrong that this page does not understand. Reload it and try again.';

/** What can be told about anything that was thrown. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : new Problem('INTERNAL', unexpected);
}

/** The sentence about an error of the service: those without a mend name the line of the log that has the cause. */
export function sentence(code: string, message: string, requestID?: string): string {
  return code === 'INTERNAL' && requestID ? `${message} The request was ${requestID}.` : message;
}

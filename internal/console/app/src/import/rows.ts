import type { BatchUserInput } from '../api/operations';
import { longestLine } from './lines';

/** What is wrong with a row, or with a field of it. */
export interface Mistake {
  /** As it is called in files; empty for the row as a whole. */
  field: string;
  code: string;
  message: string;
}

/** A row as it is sent, or what is wrong with its form. Whether its values are good the service says. */
export type Row = { line: number; input: BatchUserInput } | { line: number; mistakes: Mistake[] };

/** The names of fields in files, which are those of the REST API, and of the GraphQL API. */
export const fields = {
  email: 'email',
  first_name: 'firstName',
  last_name: 'lastName',
  password: 'password',
  is_active: 'isActive',
} as const;

export type FieldName = keyof typeof fields;

export const required: FieldName[] = ['email', 'first_name', 'last_name'];

/** Fields that only whoever runs the service may set. */
const others = ['id', 'email_verified_at', 'password_hash', 'version', 'created_at', 'updated_at'];

export function isField(name: string): name is FieldName {
  return Object.hasOwn(fields, name);
}

/** The name in files of a field of the GraphQL API. */
export function fileName(field: string | null | undefined): string {
  return Object.entries(fields).find(([, name]) => name === field)?.[0] ?? '';
}

/** Why there is no such field. */
export function unknown(name: string): Mistake {
  const field = /^[\w.-]{1,64}$/.test(name) ? name : ''; // nothing else of a file is repeated
  const message = others.includes(name) ? 'Only the command userd import takes this field.' : 'There is no such field.';
  return { field, code: 'UNKNOWN_FIELD', message };
}

export function tooLong(): Mistake {
  return { field: '', code: 'TOO_LONG', message: `A row has at most ${longestLine} characters.` };
}

const most = 20; // a short file must not make a long report

/** The row that values make, or that their mistakes do. What is missing is left to the service to name. */
export function row(line: number, values: Partial<Record<FieldName, unknown>>, mistakes: Mistake[]): Row {
  if (mistakes.length > 0) return { line, mistakes: mistakes.slice(0, most) };
  const { email, first_name, last_name, ...rest } = values;
  const input = { email: email ?? '', firstName: first_name ?? '', lastName: last_name ?? '' } as BatchUserInput;
  if ('password' in rest) input.password = rest.password as string | null;
  if ('is_active' in rest) input.isActive = rest.is_active as boolean | null;
  return { line, input };
}

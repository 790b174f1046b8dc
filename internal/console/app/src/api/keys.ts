import { type FieldProblem, Problem, sentence } from './problem';
import { request } from './request';

/** An API key, as GET /keys shows it. */
export interface Key {
  name: string;
  scopes: string[];
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
}

/** A key that was just made: the only time that its text is to be had. */
export interface NewKey extends Key {
  key: string;
}

export const scopes = [
  { name: 'users:read', allows: 'Read, list, search and count users' },
  { name: 'users:write', allows: 'Create, change and delete users' },
  { name: 'users:verify', allows: 'Check passwords, sign users in, redeem one-time tokens' },
  { name: 'changes:read', allows: 'Read and follow the history of changes' },
  { name: 'admin', allows: 'All of these, and managing keys' },
];

export function listKeys(signal?: AbortSignal): Promise<Key[]> {
  return call('GET', '/keys', undefined, signal) as Promise<Key[]>;
}

export function createKey(input: { name: string; scopes: string[] }): Promise<NewKey> {
  return call('POST', '/keys', input) as Promise<NewKey>;
}

export async function revokeKey(name: string): Promise<void> {
  await call('DELETE', `/keys/${encodeURIComponent(name)}`);
}

interface Document {
  code?: string;
  detail?: string;
  request_id?: string;
  errors?: FieldProblem[];
}

async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  const answer = await request({ method, path, body, signal });
  if (answer.status < 400) return answer.body;
  const { code = 'INTERNAL', detail, request_id, errors } = (answer.body ?? {}) as Document;
  throw new Problem(code, sentence(code, detail ?? `The service answered with status ${answer.status}.`, request_id), errors);
}

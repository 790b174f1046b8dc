import { currentKey, letIn, turnAway } from '../access';
import { Problem } from './problem';

/** Time for an answer: more than the service takes itself, so that its own sentence arrives. */
const patience = 60_000;

export interface Asked {
  method: string;
  path: string;
  body?: unknown;
  signal?: AbortSignal;
  /** Sent in place of the page's own key. */
  key?: string;
}

export interface Answer {
  status: number;
  body: unknown; // undefined where it is not JSON
  /** Seconds to wait before trying again, where the answer says so. */
  retryAfter?: number;
}

/** Sends one request with the key there is, and notes whether the service lets the page in. */
export async function request(asked: Asked): Promise<Answer> {
  const key = asked.key ?? currentKey();
  const response = await send(asked, key);
  if (asked.key === undefined) {
    if (response.status === 401) turnAway(key);
    else letIn();
  }
  const { status } = response;
  const retryAfter = Number(response.headers.get('Retry-After')) || undefined;
  try {
    return { status, retryAfter, body: status === 204 ? undefined : await response.json() };
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    return { status, retryAfter, body: undefined };
  }
}

async function send(asked: Asked, key: string | null): Promise<Response> {
  const headers = new Headers();
  if (asked.body !== undefined) headers.set('Content-Type', 'application/json');
  try {
    if (key !== null) headers.set('Authorization', `Bearer ${key}`);
  } catch {
    throw new Problem('UNAUTHENTICATED', 'This is not a key: it has characters that no key has.');
  }
  const limit = AbortSignal.timeout(patience);
  try {
    return await fetch(asked.path, {
      method: asked.method,
      headers,
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
      signal: asked.signal ? AbortSignal.any([asked.signal, limit]) : limit,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
    });
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new Problem('UNREACHABLE', 'The service does not answer. Check that it runs and that you are connected, then try again.');
  }
}

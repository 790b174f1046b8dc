import { store } from './store';

/**
 * Whether the service lets this page in. The key is here and nowhere else: not in storage, not in a cookie, not in the URL.
 * It is gone with the page.
 */
export type Access =
  | { state: 'asking' } // nothing has been answered yet
  | { state: 'in'; key: string | null } // without a key: the service is open
  | { state: 'out'; why: string | null };

export const access = store<Access>({ state: 'asking' });

/** The key to send, if there is one. */
export function currentKey(): string | null {
  const now = access.get();
  return now.state === 'in' ? now.key : null;
}

/** Notes that a request without a key was served: the service is open. */
export function letIn(): void {
  if (access.get().state === 'asking') access.set({ state: 'in', key: null });
}

/** Notes that a request with this key was refused. An answer to a key that is not used any more says nothing. */
export function turnAway(key: string | null): void {
  const now = access.get();
  if (now.state === 'out' || key !== currentKey()) return;
  const why = key === null ? null : 'The service no longer takes the key: it was revoked, or has expired.';
  access.set({ state: 'out', why });
}

export function signIn(key: string): void {
  access.set({ state: 'in', key });
}

export function signOut(): void {
  access.set({ state: 'out', why: null });
}

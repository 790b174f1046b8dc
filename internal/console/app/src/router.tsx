import type { ComponentChildren } from 'preact';
import { store } from './store';

export const root = '/console';

/** Where the page is. */
export const place = store(new URL(location.href));

let ask: (() => void) | null = null;

/** Calls question in place of going back, and has the browser ask before it leaves the page, until what it returns is called. */
export function askBeforeLeaving(question: () => void): () => void {
  ask = question;
  addEventListener('beforeunload', preventUnload);
  return () => {
    ask = null;
    removeEventListener('beforeunload', preventUnload);
  };
}

function preventUnload(event: Event): void {
  event.preventDefault();
}

/** Goes back without a question. */
export function back(): void {
  ask = null;
  history.back();
}

// When this is heard of, the browser has gone back already. What is open has opened over the entry before: it does again.
addEventListener('popstate', () => {
  if (!ask || location.pathname === place.get().pathname) return place.set(new URL(location.href));
  history.pushState({ opened: true } satisfies EntryState, '', place.get());
  ask();
});

export interface Going {
  /** Takes the place of the entry in the browser's history. */
  replace?: boolean;
  /** Kept with the entry; see entryState. */
  state?: EntryState;
}

/** What is known about an entry of the browser's history. */
export interface EntryState {
  /** The entry before is the list that this one was opened from. */
  opened?: boolean;
  /** The entry was made by typing into the search. */
  typed?: boolean;
}

export function entryState(): EntryState {
  return (history.state as EntryState | null) ?? {};
}

export function go(to: string, { replace = false, state = {} }: Going = {}): void {
  if (replace) history.replaceState(state, '', to);
  else history.pushState(state, '', to);
  place.set(new URL(location.href));
}

interface LinkProps extends Going {
  href: string | undefined;
  class?: string;
  'aria-current'?: 'page';
  children: ComponentChildren;
}

/** A link within the console. Without an address it is there, but leads nowhere. */
export function Link({ href, replace, state, ...rest }: LinkProps) {
  if (href === undefined) return <a role="link" aria-disabled="true" tabIndex={0} {...rest} />;
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href, { replace, state });
  };
  return <a href={href} onClick={follow} {...rest} />;
}

import { access, turnAway } from './access';
import { type Change, Feed, type FeedState } from './api/feed';
import { run } from './api/graphql';
import { GetUsers, type UserFieldsFragment } from './api/operations';
import { store } from './store';

export type User = UserFieldsFragment;

/** Something happened to a user, here or elsewhere. */
export type UserEvent =
  | { kind: 'created'; id: string }
  | { kind: 'changed'; user: User; by: string | null } // by is null for what this page did
  | { kind: 'deleted'; id: string; by: string | null }
  | { kind: 'here' } // this page created a user
  | { kind: 'missed' }; // what is shown may be out of date

type Listener = (event: UserEvent) => void;
type Shown = () => Iterable<string>;

const listeners = new Set<Listener>();
const shown = new Set<Shown>();

/** Calls listener for each event until what it returns is called. */
export function onUserEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Names users whose changes are wanted with their new values. */
export function showing(ids: Shown): () => void {
  shown.add(ids);
  return () => shown.delete(ids);
}

export function tell(event: UserEvent): void {
  for (const listener of [...listeners]) listener(event);
}

/** Tells what this page itself did. */
export function tellChanged(user: User): void {
  tell({ kind: 'changed', user, by: null });
}

// Users that this page created: the feed tells of them, too, and they are no news.
const own = new Set<string>();

export function tellCreated(id: string): void {
  own.add(id);
  tell({ kind: 'here' });
}

// Users that changed and are to be read: those of a moment at once.
const gathering = 100;
const most = 200;
const stale = new Map<string, string>(); // id to actor
let timer: ReturnType<typeof setTimeout> | undefined;

function isShown(id: string): boolean {
  for (const ids of shown) for (const one of ids()) if (one === id) return true;
  return false;
}

function changed(change: Change): void {
  if (change.kind === 'CREATED') own.delete(change.userId) || tell({ kind: 'created', id: change.userId });
  else if (change.kind === 'DELETED') tell({ kind: 'deleted', id: change.userId, by: change.actor });
  else if (isShown(change.userId)) {
    stale.set(change.userId, change.actor);
    timer ??= setTimeout(readStale, gathering);
  }
}

async function readStale(): Promise<void> {
  timer = undefined;
  const some = [...stale].slice(0, most);
  for (const [id] of some) stale.delete(id);
  try {
    const { usersByIds } = await run(GetUsers, { ids: some.map(([id]) => id) });
    for (const [i, [id, by]] of some.entries()) {
      const user = usersByIds[i];
      tell(user ? { kind: 'changed', user, by } : { kind: 'deleted', id, by });
    }
  } catch {
    tell({ kind: 'missed' }); // reading afresh says what is wrong
  }
  if (stale.size > 0) timer ??= setTimeout(readStale, gathering);
}

let feed: Feed | null = null;

/** How the feed is. */
export const feedState = store<FeedState>('off');

/** Resolves once changes are followed, or cannot be: lists that are read from then on miss nothing. */
let ready: Promise<void> | null = null;

export function following(): Promise<void> {
  return (ready ??= begin());
}

function begin(): Promise<void> {
  const now = access.get();
  const key = now.state === 'in' ? now.key : null;
  const mine = new Feed(key, { changed, missed: () => tell({ kind: 'missed' }), refused: () => turnAway(key) });
  feed = mine;
  mine.state.follow(() => feed === mine && feedState.set(mine.state.get()));
  return mine.start();
}

// Another key means another feed.
access.follow(() => {
  const now = access.get();
  if (now.state === 'in' && now.key === null) return; // the first answer of an open service
  feed?.stop();
  feed = ready = null;
  feedState.set('off');
});

addEventListener('online', () => feed?.wake());
document.addEventListener('visibilitychange', () => document.hidden || feed?.wake());

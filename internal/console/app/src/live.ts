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
  | { kind: 'here'; id: string } // this page created a user
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
  if (event.kind === 'changed') note(event.user.id, event.by);
  if (event.kind === 'deleted') note(event.id, event.by);
  for (const listener of [...listeners]) listener(event);
}

/** Tells what this page itself did. */
export function tellChanged(user: User): void {
  tell({ kind: 'changed', user, by: null });
}

// Users that were created with this page's form, the latest of them: the feed tells of them, too, and they are no news.
const own = new Set<string>();
const mostOwn = 100;

export function tellCreated(id: string): void {
  own.add(id);
  for (const oldest of own) if (own.size > mostOwn) own.delete(oldest);
  tell({ kind: 'here', id });
}

// Who changed a user, by its id; null is this page.
type Actors = Map<string, string | null>;

// What happened during each read that is under way.
const reads = new Set<Actors>();
const mostNoted = 10_000;

function note(id: string, by: string | null): void {
  for (const actors of reads) if (actors.get(id) !== null && actors.size <= mostNoted) actors.set(id, by);
}

/** Reads users once changes are followed. Of those that change meanwhile, the answer may be older than what was told: they are read once more. */
export async function reading<T>(read: () => Promise<T>): Promise<T> {
  await following();
  const actors: Actors = new Map();
  reads.add(actors);
  try {
    return await read();
  } finally {
    reads.delete(actors);
    if (actors.size > mostNoted) setTimeout(() => tell({ kind: 'missed' }));
    else for (const [id, by] of actors) stale.set(id, by);
    if (stale.size > 0) gather();
  }
}

// Users that changed and are to be read: those of a moment at once.
const gathering = 100;
const most = 200;
const stale: Actors = new Map();
let timer: ReturnType<typeof setTimeout> | undefined;

function gather(): void {
  timer ??= setTimeout(readStale, gathering);
}

function isShown(id: string): boolean {
  for (const ids of shown) for (const one of ids()) if (one === id) return true;
  return false;
}

function changed(change: Change): void {
  if (change.kind === 'CREATED') own.has(change.userId) || tell({ kind: 'created', id: change.userId });
  else if (change.kind === 'DELETED') tell({ kind: 'deleted', id: change.userId, by: change.actor });
  else {
    note(change.userId, change.actor);
    if (!isShown(change.userId)) return;
    stale.set(change.userId, change.actor);
    gather();
  }
}

async function readStale(): Promise<void> {
  timer = undefined;
  for (const id of stale.keys()) if (!isShown(id)) stale.delete(id);
  const some = [...stale].slice(0, most);
  if (some.length === 0) return;
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
  if (stale.size > 0) gather();
}

let feed: Feed | null = null;

/** How the feed is. */
export const feedState = store<FeedState>('off');

/** Resolves once changes are followed, or cannot be: what is read from then on misses nothing. */
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

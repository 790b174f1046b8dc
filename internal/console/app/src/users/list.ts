import { useEffect, useRef, useState } from 'preact/hooks';
import { run } from '../api/graphql';
import { CountUsers, ListUsers, type ListUsersQuery } from '../api/operations';
import { onUserEvent, reading, showing, type User, type UserEvent } from '../live';
import { type Loaded, useLoaded } from '../ui/load';
import { filterOf, type ListQuery, variablesOf, writeQuery } from './query';

/** A user in the list, and what has happened to it since it was listed. */
export interface Row {
  user: User;
  mark?: { what: 'changed' | 'deleted'; by: string | null };
}

export interface Page {
  rows: Row[];
  info: ListUsersQuery['users']['pageInfo'];
}

/** How many new users are counted. */
export const mostNews = 10_000;

/** One page of the list, and how many users were created since it was read. Its rows follow what happens to their users, each at its place. */
export function useList(query: ListQuery): Loaded<Page> & { created: number } {
  const [created, setCreated] = useState(0);
  const news = useRef(new Set<string>());
  const list = useLoaded(writeQuery(query), async (signal): Promise<Page> => {
    let known: string[] = [];
    const { users } = await reading(() => {
      known = [...news.current];
      return run(ListUsers, variablesOf(query), { signal });
    });
    for (const id of [...known, ...users.nodes.map((user) => user.id)]) news.current.delete(id);
    setCreated(news.current.size);
    return { rows: users.nodes.map((user) => ({ user })), info: users.pageInfo };
  });
  const rows = useRef<Row[]>([]);
  rows.current = list.value?.rows ?? [];
  useEffect(() => showing(() => rows.current.map((row) => row.user.id)), []);
  useEffect(
    () =>
      onUserEvent((event) => {
        if (event.kind === 'missed') list.again();
        else if (event.kind === 'created') announce(event.id);
        else {
          const isGone = event.kind === 'here' || event.kind === 'deleted'; // from the news: the feed may have told of it before
          if (isGone && news.current.delete(event.id)) setCreated(news.current.size);
          if (event.kind !== 'here') list.update((page) => ({ ...page, rows: page.rows.map((row) => afterEvent(row, event)) }));
        }
      }),
    [],
  );

  // An import makes thousands: the sum is shown a few times a second.
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const announce = (id: string) => {
    if (news.current.size === mostNews || rows.current.some((row) => row.user.id === id)) return;
    news.current.add(id);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setCreated(news.current.size);
    }, 200);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return { ...list, created };
}

function afterEvent(row: Row, event: Extract<UserEvent, { kind: 'changed' | 'deleted' }>): Row {
  if (event.kind === 'deleted') return event.id === row.user.id ? { ...row, mark: { what: 'deleted', by: event.by } } : row;
  if (event.user.id !== row.user.id || event.user.version <= row.user.version) return row;
  return { user: event.user, mark: event.by === null ? undefined : { what: 'changed', by: event.by } };
}

/** How many users the whole list has: counted once for each filter, beside the list and not before it. */
export function useCount(query: ListQuery, round: number): number | undefined {
  const filter = filterOf(query);
  const count = useLoaded(`${round} ${JSON.stringify(filter ?? null)}`, async (signal) => {
    const { users } = await run(CountUsers, { filter }, { signal });
    return users.totalCount;
  });
  return count.loading && count.value === undefined ? undefined : count.value;
}

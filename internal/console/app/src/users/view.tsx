import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { onUserEvent } from '../live';
import { Link, place, root } from '../router';
import { useStore } from '../store';
import { CreateDrawer } from '../user/create';
import { UserDrawer } from '../user/drawer';
import { Icon } from '../ui/icon';
import { Trouble } from '../ui/trouble';
import { mostNews, useCount, useList } from './list';
import { Pager } from './pager';
import { address, changed, readQuery } from './query';
import { Table } from './table';
import { Toolbar } from './toolbar';

/** The list of users, and the one that is looked at in front of it. */
export function UsersView() {
  const url = useStore(place);
  const query = readQuery(url);
  const [round, setRound] = useState(0); // of counting
  const list = useList(query);
  const count = useCount(query, round);
  const region = useRef<HTMLDivElement>(null);
  const page = list.value;

  const reload = () => {
    list.again();
    setRound((n) => n + 1);
  };
  // What is done in this page itself is seen at once.
  useEffect(
    () =>
      onUserEvent((event) => {
        if (event.kind === 'here') reload();
        if (event.kind === 'deleted' && event.by === null) setRound((n) => n + 1);
      }),
    [],
  );
  useLayoutEffect(() => region.current?.scrollTo(0, 0), [page?.info]);

  const id = url.pathname.slice(`${root}/users/`.length);
  const shown = page?.rows.find((row) => row.user.id === id)?.user;
  return (
    <main id="main" class="users">
      <div class="heading">
        <h1>Users</h1>
        <p class="count">{count !== undefined && `${count.toLocaleString()} ${query.search || query.active ? 'found' : 'in all'}`}</p>
        <Link href={address(query, 'new')} state={{ opened: true }} class="button primary">
          <Icon name="plus" />
          New user
        </Link>
      </div>
      <div class="card">
        <Toolbar query={query} />
        <div class="list">
          <div class="scroll" ref={region} role="region" aria-label="List of users" aria-busy={list.loading} tabIndex={0}>
            {list.problem && !list.loading ? (
              <Trouble message={list.problem.message}>
                <button type="button" onClick={reload}>
                  Try again
                </button>
                {(query.after || query.before) && <Link href={address(changed(query, {}))}>Go to the first page</Link>}
              </Trouble>
            ) : (
              <Table page={page} query={query} />
            )}
          </div>
          <p class="fresh" role="status">
            {list.created > 0 && (
              <button type="button" onClick={reload}>
                <Icon name="up" />
                {newUsers(list.created)} – show
              </button>
            )}
          </p>
        </div>
        <Pager page={page} query={query} loading={list.loading} />
      </div>
      {id === 'new' && <CreateDrawer query={query} />}
      {id && id !== 'new' && <UserDrawer key={id} id={id} listed={shown} query={query} />}
    </main>
  );
}

function newUsers(n: number): string {
  if (n === 1) return '1 new user';
  return `${n.toLocaleString()}${n === mostNews ? ' or more' : ''} new users`;
}

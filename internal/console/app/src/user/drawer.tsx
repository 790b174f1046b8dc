import { useEffect, useState } from 'preact/hooks';
import { run } from '../api/graphql';
import { GetUser } from '../api/operations';
import { Problem } from '../api/problem';
import { onUserEvent, reading, showing, type User } from '../live';
import { entryState, Link, place } from '../router';
import { useStore } from '../store';
import { address, type ListQuery } from '../users/query';
import { Avatar, fullName } from '../ui/avatar';
import { useLoaded } from '../ui/load';
import { Activity } from '../ui/pill';
import { Trouble } from '../ui/trouble';
import { Frame } from './frame';
import { tabs } from './tabs';

interface DrawerProps {
  id: string;
  /** The user as the list has it: shown until it is read afresh. */
  listed?: User;
  query: ListQuery;
}

const gone = 'This user was deleted.';

/** One user, with what can be seen and done. */
export function UserDrawer({ id, listed, query }: DrawerProps) {
  const url = useStore(place);
  const [dirty, setDirty] = useState(false);
  const [deleted, setDeleted] = useState(false);
  const loaded = useLoaded(id, async (signal) => {
    const { user } = await reading(() => run(GetUser, { id }, { signal }));
    if (!user) throw new Problem('USER_NOT_FOUND', 'No user has this id.');
    return user;
  });
  useEffect(() => showing(() => [id]), [id]);
  useEffect(
    () =>
      onUserEvent((event) => {
        if (event.kind === 'changed' && event.user.id === id) loaded.update((now) => (event.user.version > now.version ? event.user : now));
        if (event.kind === 'deleted' && event.id === id) setDeleted(true);
        if (event.kind === 'missed') loaded.again();
      }),
    [id],
  );
  const user = loaded.value ?? listed;
  const chosen = url.searchParams.get('tab') ?? '';
  const tab = tabs.find((one) => one.id === chosen) ?? tabs[0]!;
  if (!user) {
    return (
      <Frame title="User" query={query} dirty={false} heading={<h2>{loaded.problem ? 'Not to be shown' : 'Loading…'}</h2>}>
        {loaded.problem && <Trouble message={loaded.problem.message} />}
      </Frame>
    );
  }
  return (
    <Frame title={fullName(user)} query={query} dirty={dirty && !deleted} heading={<Heading user={user} deleted={deleted} />}>
      <nav class="tabs" aria-label="About this user">
        {tabs.map((one) => (
          <Link
            key={one.id}
            href={withTab(address(query, id), one.id)}
            replace
            state={entryState()}
            aria-current={one === tab ? 'page' : undefined}
          >
            {one.label}
          </Link>
        ))}
      </nav>
      <div class="tab" inert={deleted}>
        {tabs.map((one) => (one === tab || one.isKept) && <one.View key={one.id} user={user} hidden={one !== tab} onDirty={setDirty} />)}
      </div>
      {(deleted || loaded.problem) && <Trouble message={deleted ? gone : loaded.problem!.message} />}
    </Frame>
  );
}

function withTab(address: string, id: string): string {
  if (!id) return address;
  return `${address}${address.includes('?') ? '&' : '?'}tab=${id}`;
}

function Heading({ user, deleted }: { user: User; deleted: boolean }) {
  return (
    <>
      <Avatar user={user} large />
      <div class="who">
        <h2>{fullName(user)}</h2>
        <p class="email">{user.email}</p>
      </div>
      {deleted ? <span class="pill gone">Deleted</span> : <Activity active={user.isActive} />}
    </>
  );
}

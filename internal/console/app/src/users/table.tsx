import { Link } from '../router';
import { Avatar, fullName } from '../ui/avatar';
import { Activity } from '../ui/pill';
import { Time } from '../ui/time';
import type { Page, Row } from './list';
import { address, type ListQuery } from './query';

const placeholders = Array.from({ length: 12 }, (_, i) => i);

/** One page of users as a table. Its rows keep their places, whoever is in them: another list moves none. */
export function Table({ page, query }: { page: Page | undefined; query: ListQuery }) {
  if (page?.rows.length === 0) return <Nobody query={query} />;
  return (
    <table>
      <caption class="hidden">Users</caption>
      <thead>
        <tr>
          <th scope="col">User</th>
          <th scope="col" class="status">Status</th>
          <th scope="col" class="wide">Created</th>
          <th scope="col" class="wide">Last change</th>
        </tr>
      </thead>
      <tbody>
        {page ? page.rows.map((row, i) => <UserRow key={i} row={row} query={query} />) : placeholders.map((i) => <Placeholder key={i} />)}
      </tbody>
    </table>
  );
}

function UserRow({ row: { user, mark }, query }: { row: Row; query: ListQuery }) {
  return (
    <tr class={mark?.what}>
      <th scope="row">
        <div class="person">
          <Avatar user={user} />
          <div class="who">
            <Link href={address(query, user.id)} state={{ opened: true }} class="name">
              {fullName(user)}
            </Link>
            <span class="email">{user.email}</span>
            {mark && <span class="hidden">{described(mark)}</span>}
          </div>
        </div>
      </th>
      <td class="status">{mark?.what === 'deleted' ? <span class="pill gone">Deleted</span> : <Activity active={user.isActive} />}</td>
      <td class="wide">
        <Time at={user.createdAt} />
      </td>
      <td class="wide">
        <Time at={user.updatedAt} precise />
        {mark && (
          <span class="mark" aria-hidden="true">
            {described(mark)}
          </span>
        )}
      </td>
    </tr>
  );
}

function described({ what, by }: NonNullable<Row['mark']>): string {
  return `${what} just now${by ? ` by ${by}` : ''}`;
}

function Placeholder() {
  return (
    <tr class="placeholder" aria-hidden="true">
      <th scope="row">
        <div class="person">
          <span class="avatar" />
          <div class="who">
            <span class="name">&nbsp;</span>
            <span class="email">&nbsp;</span>
          </div>
        </div>
      </th>
      <td class="status" />
      <td class="wide" />
      <td class="wide" />
    </tr>
  );
}

function Nobody({ query }: { query: ListQuery }) {
  if (query.after || query.before)
    return (
      <div class="nobody">
        <h2>Nothing is left on this page</h2>
        <p>
          Its users were deleted meanwhile. <Link href={address({ ...query, after: null, before: null })}>Go to the first page</Link>
        </p>
      </div>
    );
  if (query.search || query.active)
    return (
      <div class="nobody">
        <h2>No user matches</h2>
        <p>The search looks at how first names, last names and e-mail addresses begin.</p>
      </div>
    );
  return (
    <div class="nobody">
      <h2>There are no users yet</h2>
      <p>
        <Link href={address(query, 'new')} state={{ opened: true }}>
          Create the first one
        </Link>{' '}
        or <Link href="/console/import">import a file</Link>.
      </p>
    </div>
  );
}

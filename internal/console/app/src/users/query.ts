import type { ListUsersQueryVariables, UserFilter, UserOrderField } from '../api/operations';
import { root } from '../router';

/** Which part of the list is asked for: what the URL says. */
export interface ListQuery {
  search: string;
  active: '' | 'true' | 'false';
  sort: Sort;
  after: string | null;
  before: string | null;
}

/** Users on a page. */
export const pageSize = 50;

// As the REST API names them.
export const sorts = {
  '-created_at': 'Newest first',
  created_at: 'Oldest first',
  last_name: 'Last name, A to Z',
  '-last_name': 'Last name, Z to A',
  email: 'E-mail, A to Z',
  '-email': 'E-mail, Z to A',
};

export type Sort = keyof typeof sorts;

const usual: Sort = '-created_at';

export function readQuery({ searchParams }: URL): ListQuery {
  const active = searchParams.get('active');
  const sort = searchParams.get('sort') ?? usual;
  return {
    search: searchParams.get('q') ?? '',
    active: active === 'true' || active === 'false' ? active : '',
    sort: sort in sorts ? (sort as Sort) : usual,
    after: searchParams.get('after'),
    before: searchParams.get('before'),
  };
}

/** The query as the end of a URL; nothing stands there for what is usual. */
export function writeQuery({ search, active, sort, after, before }: ListQuery): string {
  const params = new URLSearchParams();
  if (search) params.set('q', search);
  if (active) params.set('active', active);
  if (sort !== usual) params.set('sort', sort);
  if (after) params.set('after', after);
  else if (before) params.set('before', before);
  return params.size > 0 ? `?${params}` : '';
}

/** The address of the list, or of one user in front of it. */
export function address(query: ListQuery, id?: string): string {
  return (id === undefined ? root : `${root}/users/${encodeURIComponent(id)}`) + writeQuery(query);
}

/** Another list, from its beginning. */
export function changed(query: ListQuery, change: Partial<ListQuery>): ListQuery {
  return { ...query, after: null, before: null, ...change };
}

export function filterOf({ search, active }: ListQuery): UserFilter | undefined {
  const filter: UserFilter = {};
  if (search.trim()) filter.query = search.trim();
  if (active) filter.isActive = active === 'true';
  return Object.keys(filter).length > 0 ? filter : undefined;
}

export function variablesOf(query: ListQuery): ListUsersQueryVariables {
  const { sort, after, before } = query;
  const field = sort.replace('-', '').toUpperCase() as UserOrderField;
  return {
    ...(before && !after ? { last: pageSize, before } : { first: pageSize, after: after ?? undefined }),
    filter: filterOf(query),
    orderBy: { field, direction: sort.startsWith('-') ? 'DESC' : 'ASC' },
  };
}

import { Link } from '../router';
import { Icon } from '../ui/icon';
import type { Page } from './list';
import { address, changed, type ListQuery } from './query';

/** Leads to the pages beside this one, by cursors: a page costs the same wherever it is. */
export function Pager({ page, query, loading }: { page: Page | undefined; query: ListQuery; loading: boolean }) {
  const info = page?.info;
  const isFirst = !query.after && !query.before;
  const to = (change: Partial<ListQuery>, possible: boolean | undefined) => (possible ? address(changed(query, change)) : undefined);
  return (
    <nav class="pager" aria-label="Pages">
      <p role="status">{page && !loading && `${page.rows.length} shown`}</p>
      <Link class="button" href={to({}, !isFirst)}>
        <Icon name="first" />
        First
      </Link>
      <Link class="button" href={to({ before: info?.startCursor }, info?.hasPreviousPage && !!info.startCursor)}>
        <Icon name="previous" />
        Previous
      </Link>
      <Link class="button" href={to({ after: info?.endCursor }, info?.hasNextPage && !!info.endCursor)}>
        Next
        <Icon name="next" />
      </Link>
    </nav>
  );
}

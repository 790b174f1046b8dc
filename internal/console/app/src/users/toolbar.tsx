import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { entryState, go } from '../router';
import { Icon } from '../ui/icon';
import { address, changed, type ListQuery, sorts } from './query';

// Long enough for the next key, short enough not to be felt.
const pause = 200;
const longest = 254;

/** Search, filter and order of the list. All of it is in the URL. */
export function Toolbar({ query }: { query: ListQuery }) {
  const id = useId();
  const [text, setText] = useState(query.search);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(query);
  latest.current = query;
  // Back and forward change the search, too. It is done before another key can be pressed, which it would overwrite.
  useLayoutEffect(() => {
    clearTimeout(timer.current);
    setText((typed) => (typed.trim() === query.search ? typed : query.search));
  }, [query.search]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const apply = (typed: string) => {
    clearTimeout(timer.current);
    const now = latest.current;
    if (typed.trim() === now.search) return;
    // What is typed in one go is one step back.
    go(address(changed(now, { search: typed.trim() })), { replace: entryState().typed, state: { typed: true } });
  };
  const type = (typed: string) => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => apply(typed), pause);
  };
  const change = (part: Partial<ListQuery>) => go(address(changed(query, part)));

  return (
    <form
      class="toolbar"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        apply(text);
      }}
    >
      <div class="search">
        <label for={`${id}-search`} class="hidden">
          Search by the beginning of a name or e-mail address
        </label>
        <Icon name="search" />
        <input
          id={`${id}-search`}
          type="search"
          value={text}
          maxLength={longest}
          placeholder="Name or e-mail begins with…"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => type(event.currentTarget.value)}
        />
      </div>
      <div class="choice">
        <label for={`${id}-active`}>Show</label>
        <select id={`${id}-active`} value={query.active} onChange={(event) => change({ active: event.currentTarget.value as ListQuery['active'] })}>
          <option value="">all</option>
          <option value="true">active</option>
          <option value="false">inactive</option>
        </select>
      </div>
      <div class="choice">
        <label for={`${id}-sort`}>Order</label>
        <select id={`${id}-sort`} value={query.sort} onChange={(event) => change({ sort: event.currentTarget.value as ListQuery['sort'] })}>
          {Object.entries(sorts).map(([sort, label]) => (
            <option key={sort} value={sort}>
              {label}
            </option>
          ))}
        </select>
      </div>
    </form>
  );
}

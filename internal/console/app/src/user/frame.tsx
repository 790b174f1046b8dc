import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { askBeforeLeaving, back, entryState, go } from '../router';
import { address, type ListQuery } from '../users/query';
import { Confirm, Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { Notice } from '../ui/notice';

/** Goes back to the list that a drawer is in front of. */
export function backToList(query: ListQuery): void {
  if (entryState().opened) back();
  else go(address(query), { replace: true });
}

interface FrameProps {
  title: string;
  query: ListQuery;
  /** Something was typed that closing would lose. */
  dirty: boolean;
  heading: ComponentChildren;
  children: ComponentChildren;
}

/** A drawer in front of the list. Closing it goes back to the list. */
export function Frame({ title, query, dirty, heading, children }: FrameProps) {
  const [asking, setAsking] = useState(false);
  useLayoutEffect(() => (dirty ? askBeforeLeaving(() => setAsking(true)) : undefined), [dirty]);
  const close = () => (dirty ? setAsking(true) : backToList(query));
  return (
    <Dialog kind="drawer" title={title} onClose={close}>
      <header>
        {heading}
        <button type="button" class="plain" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {children}
      <Notice />
      {asking && (
        <Confirm title="Discard what you typed?" action="Discard" onConfirm={() => backToList(query)} onClose={() => setAsking(false)}>
          <p>It has not been saved.</p>
        </Confirm>
      )}
    </Dialog>
  );
}

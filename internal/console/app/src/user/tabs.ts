import type { ComponentType } from 'preact';
import type { User } from '../live';
import { Details } from './details';
import { History } from './history';
import { Sessions } from './sessions';

export interface TabProps {
  user: User;
  /** Another tab is looked at, and this one is kept. */
  hidden: boolean;
  /** Tells whether what was typed would be lost. */
  onDirty(dirty: boolean): void;
}

/** What there is to see about a user. A tab more is a line more. */
export const tabs: { id: string; label: string; View: ComponentType<TabProps>; isKept?: boolean }[] = [
  { id: '', label: 'Details', View: Details, isKept: true }, // what was typed stays
  { id: 'history', label: 'History', View: History },
  { id: 'sessions', label: 'Sessions', View: Sessions },
];

// Following the changes across restarts of the server, as an application does it: by the cursor of the last one seen.

import assert from 'node:assert/strict';

import type { Client } from './story.js';

/** Change is what the story looks at of a change. */
export interface Change {
  cursor: string;
  kind: string;
  userId: string;
  fields: readonly { field: string; new?: string | null }[];
}

/** Sink takes what a subscription brings, and is told once that it has ended, and why if that is an error. */
export interface Sink {
  next(change: Change): void;
  ended(why?: unknown): void;
}

/** once makes a sink one that may be told several times that the subscription has ended. */
export function once(sink: Sink): Sink {
  let open = true;
  return {
    next: (change) => sink.next(change),
    ended: (why) => {
      if (open) sink.ended(why);
      open = false;
    },
  };
}

/**
 * Feed follows the changes. When its subscription ends it waits until the server is up, where an application would
 * wait for longer and longer, and subscribes again from the last change that it has seen.
 */
export class Feed {
  private readonly seen: Change[] = [];
  private wake: () => void = () => {};
  private unsubscribe: () => void = () => {};
  private open = true;

  constructor(
    private readonly client: Client,
    private cursor: string,
    private readonly up: () => Promise<void>,
  ) {
    this.subscribe();
  }

  /** names waits for this many changes, and returns the first names that they gave. */
  async names(count: number): Promise<(string | null | undefined)[]> {
    while (this.seen.length < count) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.seen.map(({ kind, fields }) => {
      assert.equal(kind, 'UPDATED');
      return fields.find(({ field }) => field === 'firstName')?.new;
    });
  }

  end(): void {
    this.open = false;
    this.unsubscribe();
  }

  private subscribe(): void {
    this.unsubscribe = this.client.follow(this.cursor, {
      next: (change) => {
        this.cursor = change.cursor;
        this.seen.push(change);
        this.wake();
      },
      ended: () => void this.up().then(() => this.open && this.subscribe()),
    });
  }
}

import { createClient, type Client, type SubscribePayload } from 'graphql-ws';
import WebSocket from 'ws';

import { once, type Change, type Sink } from './feed.js';
import type { Userd } from './userd.js';

/**
 * connect is a graphql-ws client that leaves it to the application to subscribe again: its own retries would repeat the
 * first cursor.
 */
export function connect(userd: Userd): Client {
  return createClient({ url: userd.socket, webSocketImpl: WebSocket, retryAttempts: 0 });
}

/** follow feeds a sink from the subscription to changes. */
export function follow(client: Client, payload: SubscribePayload, to: Sink): () => void {
  const sink = once(to);
  return client.subscribe<{ userChanges: Change }>(payload, {
    next: ({ data }) => data && sink.next(data.userChanges),
    error: () => sink.ended(),
    complete: () => sink.ended(),
  });
}

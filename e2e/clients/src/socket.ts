import { createClient, type Client, type SubscribePayload } from 'graphql-ws';
import WebSocket from 'ws';

import { once, type Change, type Sink } from './feed.js';
import { refusalIn, type Refusal } from './refusal.js';
import { bearer, type Userd } from './userd.js';

/**
 * connect is a graphql-ws client that leaves it to the application to subscribe again: its own retries would repeat the
 * first cursor.
 */
export function connect(userd: Userd, key?: string): Client {
  return createClient({ url: userd.socket, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: bearer(key) });
}

/**
 * refusal is why graphql-ws ended a subscription: the code of its error, or that by which the connection was closed.
 * GraphQL's libraries hand both on as they are.
 */
export function refusal(why: unknown): Refusal | undefined {
  if (Array.isArray(why)) return refusalIn(why);
  if (typeof why === 'object' && why !== null && 'code' in why && 'reason' in why) return { code: why.code, message: String(why.reason) };
  return undefined;
}

/** follow feeds a sink from the subscription to changes. */
export function follow(client: Client, payload: SubscribePayload, to: Sink): () => void {
  const sink = once(to);
  return client.subscribe<{ userChanges: Change }>(payload, {
    next: ({ data }) => data && sink.next(data.userChanges),
    error: (why) => sink.ended(why),
    complete: () => sink.ended(),
  });
}

import assert from 'node:assert/strict';

import { Client as UrqlClient, CombinedError, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { onEnd, pipe, subscribe } from 'wonka';

import * as documents from './documents.js';
import { once, type Sink } from './feed.js';
import { refusalIn } from './refusal.js';
import { connect, refusal } from './socket.js';
import { tell, type Client, type NewUser, type Rename, type User } from './story.js';
import { bearer, type Userd } from './userd.js';

class Urql implements Client {
  private readonly socket;
  private readonly client;
  readonly usesSockets = true;

  constructor(userd: Userd, key?: string) {
    const socket = connect(userd, key);
    this.socket = socket;
    this.client = new UrqlClient({
      url: userd.graphql,
      fetchOptions: { headers: bearer(key) },
      exchanges: [
        cacheExchange,
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query, variables }) => ({
            subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? '', variables }, sink) }),
          }),
        }),
      ],
    });
  }

  async users(pageSize: number) {
    const users: User[] = [];
    for (let after: string | null | undefined, more = true; more; ) {
      const { data, error } = await this.client.query(documents.usersPage, { first: pageSize, after });
      if (error) throw error;
      assert.ok(data);
      users.push(...data.users.edges.map(({ node }) => node));
      ({ endCursor: after, hasNextPage: more } = data.users.pageInfo);
    }
    return users;
  }

  async create(input: NewUser) {
    const { data, error } = await this.client.mutation(documents.createUser, { input });
    if (error) throw error;
    assert.ok(data?.createUser);
    return data.createUser;
  }

  async update(input: Rename) {
    const { data, error } = await this.client.mutation(documents.updateUser, { input });
    if (error) throw error;
    assert.ok(data?.updateUser);
    return data.updateUser;
  }

  async changeCursor() {
    const { data, error } = await this.client.query(documents.changeCursor, {}, { requestPolicy: 'network-only' });
    if (error) throw error;
    assert.ok(data);
    return data.changeCursor;
  }

  follow(after: string, to: Sink) {
    const sink = once(to);
    const { unsubscribe } = pipe(
      this.client.subscription(documents.userChanges, { after }),
      onEnd(() => sink.ended()),
      subscribe(({ data, error }) => (error ? sink.ended(error) : data && sink.next(data.userChanges))),
    );
    return unsubscribe;
  }

  refusal(error: unknown) {
    assert.ok(error instanceof CombinedError);
    return refusalIn(error.graphQLErrors) ?? refusal(error.networkError);
  }

  async close() {
    await this.socket.dispose();
  }
}

tell('urql', (userd, key) => new Urql(userd, key));

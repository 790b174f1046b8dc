import assert from 'node:assert/strict';

import { Client as UrqlClient, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { onEnd, pipe, subscribe } from 'wonka';

import * as documents from './documents.js';
import { once, type Sink } from './feed.js';
import { connect } from './socket.js';
import { tell, type Client, type NewUser, type Rename, type User } from './story.js';
import type { Userd } from './userd.js';

class Urql implements Client {
  private readonly socket;
  private readonly client;

  constructor(userd: Userd) {
    const socket = connect(userd);
    this.socket = socket;
    this.client = new UrqlClient({
      url: userd.graphql,
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
      assert.ok(data, error?.message);
      users.push(...data.users.edges.map(({ node }) => node));
      ({ endCursor: after, hasNextPage: more } = data.users.pageInfo);
    }
    return users;
  }

  async create(input: NewUser) {
    const { data, error } = await this.client.mutation(documents.createUser, { input });
    assert.ok(data?.createUser, error?.message);
    return data.createUser;
  }

  async update(input: Rename) {
    const { data, error } = await this.client.mutation(documents.updateUser, { input });
    assert.ok(data?.updateUser, error?.message);
    return data.updateUser;
  }

  async changeCursor() {
    const { data, error } = await this.client.query(documents.changeCursor, {}, { requestPolicy: 'network-only' });
    assert.ok(data, error?.message);
    return data.changeCursor;
  }

  follow(after: string, to: Sink) {
    const sink = once(to);
    const { unsubscribe } = pipe(
      this.client.subscription(documents.userChanges, { after }),
      onEnd(() => sink.ended()),
      subscribe(({ data, error }) => (error ? sink.ended() : data && sink.next(data.userChanges))),
    );
    return unsubscribe;
  }

  async close() {
    await this.socket.dispose();
  }
}

tell('urql', (userd) => new Urql(userd));

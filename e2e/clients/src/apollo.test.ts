import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, ServerError } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import WebSocket from 'ws';

import * as documents from './documents.js';
import { once, type Sink } from './feed.js';
import { refusalIn } from './refusal.js';
import { connect, refusal } from './socket.js';
import { tell, type Client, type NewUser, type Rename } from './story.js';
import { bearer, type Userd } from './userd.js';

Object.assign(globalThis, { WebSocket }); // which Apollo's link looks for, as in a browser

class Apollo implements Client {
  private readonly socket;
  readonly client;
  readonly usesSockets = true;

  constructor(userd: Userd, key?: string) {
    this.socket = connect(userd, key);
    this.client = new ApolloClient({
      link: ApolloLink.split(
        ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
        new GraphQLWsLink(this.socket),
        new HttpLink({ uri: userd.graphql, headers: bearer(key) }),
      ),
      cache: new InMemoryCache({ typePolicies: { Query: { fields: { users: relayStylePagination(['filter', 'orderBy']) } } } }),
    });
  }

  /** users has the cache join the pages. */
  async users(pageSize: number) {
    const list = this.client.watchQuery({ query: documents.usersPage, variables: { first: pageSize } });
    let { data } = await list.fetchMore({ variables: { after: null } });
    while (data?.users.pageInfo.hasNextPage) {
      ({ data } = await list.fetchMore({ variables: { after: data.users.pageInfo.endCursor } }));
    }
    return this.cached(pageSize);
  }

  /** cached is the list as far as it is known here. */
  cached(pageSize: number) {
    const known = this.client.readQuery({ query: documents.usersPage, variables: { first: pageSize } });
    return (known?.users.edges ?? []).map(({ node }) => node);
  }

  async create(input: NewUser) {
    const { data } = await this.client.mutate({ mutation: documents.createUser, variables: { input } });
    assert.ok(data?.createUser);
    return data.createUser;
  }

  async update(input: Rename) {
    const { data } = await this.client.mutate({ mutation: documents.updateUser, variables: { input } });
    assert.ok(data?.updateUser);
    return data.updateUser;
  }

  async changeCursor() {
    const { data } = await this.client.query({ query: documents.changeCursor, fetchPolicy: 'network-only' });
    assert.ok(data);
    return data.changeCursor;
  }

  follow(after: string, to: Sink) {
    const sink = once(to);
    const subscription = this.client.subscribe({ query: documents.userChanges, variables: { after } }).subscribe({
      next: ({ data, error }) => (data ? sink.next(data.userChanges) : error && sink.ended(error)),
      error: (why) => sink.ended(why),
      complete: () => sink.ended(),
    });
    return () => subscription.unsubscribe();
  }

  refusal(error: unknown) {
    if (CombinedGraphQLErrors.is(error)) return refusalIn(error.errors);
    if (ServerError.is(error)) return refusalIn(JSON.parse(error.bodyText).errors);
    return refusal(error) ?? closing(error);
  }

  async close() {
    this.client.stop();
    await this.socket.dispose();
  }
}

/** closing is what Apollo's link makes of the closing of a WebSocket: an error with a text. */
function closing(error: unknown) {
  const [, code, message = ''] = /^Socket closed with event (\d+) (.*)$/.exec(error instanceof Error ? error.message : '') ?? [];
  return code === undefined ? undefined : { code: Number(code), message };
}

tell('Apollo Client', (userd, key) => new Apollo(userd, key), (story) => {
  test('shows a change wherever the user is in the cache', async () => {
    const users = await story.client.users(100);
    const one = users[250];
    assert.ok(one);
    await story.client.update({ id: one.id, firstName: 'Augusta' });
    const now = story.client.cached(100);
    assert.equal(now.length, users.length);
    assert.equal(now[250]?.firstName, 'Augusta');
  });
});

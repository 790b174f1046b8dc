// graphql-sse asks for everything as server-sent events, queries too.

import assert from 'node:assert/strict';

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { createClient, NetworkError } from 'graphql-sse';

import * as documents from './documents.js';
import { once, type Change, type Sink } from './feed.js';
import { AnswerError, refusalIn } from './refusal.js';
import { tell, type Client, type NewUser, type Rename, type User } from './story.js';
import { bearer, type Userd } from './userd.js';

class Events implements Client {
  private readonly client;

  readonly usesSockets = false;

  constructor(userd: Userd, key?: string) {
    this.client = createClient({ url: userd.graphql, retryAttempts: 0, headers: bearer(key) });
  }

  async users(pageSize: number) {
    const users: User[] = [];
    for (let after: string | null | undefined, more = true; more; ) {
      const page = (await this.send(documents.usersPage, { first: pageSize, after })).users;
      users.push(...page.edges.map(({ node }) => node));
      ({ endCursor: after, hasNextPage: more } = page.pageInfo);
    }
    return users;
  }

  async create(input: NewUser) {
    const { createUser } = await this.send(documents.createUser, { input });
    assert.ok(createUser);
    return createUser;
  }

  async update(input: Rename) {
    const { updateUser } = await this.send(documents.updateUser, { input });
    assert.ok(updateUser);
    return updateUser;
  }

  async changeCursor() {
    return (await this.send(documents.changeCursor, {})).changeCursor;
  }

  follow(after: string, to: Sink) {
    const sink = once(to);
    return this.client.subscribe<{ userChanges: Change }>(
      { query: print(documents.userChanges), variables: { after } },
      {
        next: ({ data, errors }) => (data ? sink.next(data.userChanges) : sink.ended(new AnswerError(errors))),
        error: (why) => sink.ended(why),
        complete: () => sink.ended(),
      },
    );
  }

  /** refusal reads the answer where no stream has begun: the library hands it on unread. */
  async refusal(error: unknown) {
    if (error instanceof NetworkError) return refusalIn((await (error.response as Response).json()).errors);
    return error instanceof AnswerError ? refusalIn(error.errors) : undefined;
  }

  close() {
    this.client.dispose();
  }

  private async send<Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    for await (const { data, errors } of this.client.iterate<Data>({ query: print(document), variables })) {
      if (errors || !data) throw new AnswerError(errors);
      return data;
    }
    throw new Error('the stream ended without a result');
  }
}

tell('graphql-sse', (userd, key) => new Events(userd, key));

// Documents typed by graphql-codegen need no library: fetch and graphql-ws are enough.

import assert from 'node:assert/strict';

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

import * as documents from './documents.js';
import type { Sink } from './feed.js';
import { AnswerError, refusalIn } from './refusal.js';
import { connect, follow, refusal } from './socket.js';
import { tell, type Client, type NewUser, type Rename, type User } from './story.js';
import { bearer, type Userd } from './userd.js';

class Typed implements Client {
  private readonly socket;
  readonly usesSockets = true;

  constructor(
    private readonly userd: Userd,
    private readonly key?: string,
  ) {
    this.socket = connect(userd, key);
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

  follow(after: string, sink: Sink) {
    return follow(this.socket, { query: print(documents.userChanges), variables: { after } }, sink);
  }

  refusal(error: unknown) {
    return error instanceof AnswerError ? refusalIn(error.errors) : refusal(error);
  }

  async close() {
    await this.socket.dispose();
  }

  private async send<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
    const response = await fetch(this.userd.graphql, {
      method: 'POST',
      body: JSON.stringify({ query: print(document), variables }),
      headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json', ...bearer(this.key) },
    });
    const { data, errors } = (await response.json()) as { data?: Data; errors?: AnswerError['errors'] };
    if (errors || !data) throw new AnswerError(errors);
    return data;
  }
}

tell('graphql-codegen', (userd, key) => new Typed(userd, key));

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  getFragment,
  getPaginationMetadata,
  getPaginationVariables,
  getRefetchMetadata,
  getRequest,
  getSingularSelector,
  type GraphQLResponse,
  type GraphQLTaggedNode,
  type MutationConfig,
  type MutationParameters,
  Network,
  Observable,
  type OperationType,
  RecordSource,
  requestSubscription,
  type SingularReaderSelector,
  Store,
  type Variables,
} from 'relay-runtime';

import { once, type Sink } from './feed.js';
import type { documents_list$data } from './generated/relay/documents_list.graphql.js';
import type { documents_user$data } from './generated/relay/documents_user.graphql.js';
import type { documentsChangeCursorQuery } from './generated/relay/documentsChangeCursorQuery.graphql.js';
import type { documentsCreateUserMutation } from './generated/relay/documentsCreateUserMutation.graphql.js';
import type { documentsStartQuery } from './generated/relay/documentsStartQuery.graphql.js';
import type { documentsUpdateUserMutation } from './generated/relay/documentsUpdateUserMutation.graphql.js';
import type { documentsUserChangesSubscription } from './generated/relay/documentsUserChangesSubscription.graphql.js';
import type { documentsUserQuery } from './generated/relay/documentsUserQuery.graphql.js';
import * as documents from './relay/documents.js';
import { AnswerError, refusalIn } from './refusal.js';
import { connect, refusal } from './socket.js';
import { tell, type Client, type NewUser, type Rename } from './story.js';
import { bearer, type Userd } from './userd.js';

class Relay implements Client {
  private readonly socket;
  readonly environment;
  readonly usesSockets = true;

  constructor(
    private readonly userd: Userd,
    private readonly key?: string,
  ) {
    this.socket = connect(userd, key);
    this.environment = new Environment({
      store: new Store(new RecordSource()),
      network: Network.create(
        (request, variables) => this.post(request.text, variables),
        (request, variables) => this.subscribe(request.text, variables),
      ),
    });
  }

  /** users has the store join the pages of the @refetchable connection. */
  async users(first: number) {
    const selector = await this.load<documentsStartQuery>(documents.start, { first }, documents.list, (data) => data);
    const fragment = getFragment(documents.list);
    const { refetchableRequest } = getRefetchMetadata(fragment, 'users');
    const { paginationMetadata } = getPaginationMetadata(fragment, 'users');
    for (;;) {
      const { edges, pageInfo } = this.look<documents_list$data>(selector).users;
      if (!pageInfo.hasNextPage) return edges.map(({ node }) => node);
      const variables = getPaginationVariables('forward', first, pageInfo.endCursor, {}, {}, paginationMetadata);
      await fetchQuery(this.environment, refetchableRequest, variables).toPromise();
    }
  }

  /** user reads one user, and returns how to find it in the store. */
  user(id: string): Promise<SingularReaderSelector> {
    return this.load<documentsUserQuery>(documents.userQuery, { id }, documents.user, (data) => data.node?.documents_user);
  }

  /** refetch reads a user anew, by the query that the compiler has made of the fragment. */
  async refetch(id: string): Promise<void> {
    const { refetchableRequest } = getRefetchMetadata(getFragment(documents.user), 'user');
    await fetchQuery(this.environment, refetchableRequest, { id }, { fetchPolicy: 'network-only' }).toPromise();
  }

  /** look reads what the store has for a fragment. */
  look<Data>(selector: SingularReaderSelector): Data {
    return this.environment.lookup(selector).data as unknown as Data;
  }

  async create(input: NewUser) {
    const { createUser } = await this.mutate<documentsCreateUserMutation>(documents.createUser, { input });
    assert.ok(createUser);
    return createUser;
  }

  async update(input: Rename, optimisticResponse?: documentsUpdateUserMutation['rawResponse']) {
    const { updateUser } = await this.mutate<documentsUpdateUserMutation>(documents.updateUser, { input }, optimisticResponse);
    assert.ok(updateUser);
    return updateUser;
  }

  async changeCursor() {
    const query = fetchQuery<documentsChangeCursorQuery>(this.environment, documents.changeCursor, {}, { fetchPolicy: 'network-only' });
    const data = await query.toPromise();
    assert.ok(data);
    return data.changeCursor;
  }

  follow(after: string, to: Sink) {
    const sink = once(to);
    const { dispose } = requestSubscription<documentsUserChangesSubscription>(this.environment, {
      subscription: documents.userChanges,
      variables: { after },
      onNext: (data) => data && sink.next(data.userChanges),
      onError: (why) => sink.ended(why),
      onCompleted: () => sink.ended(),
    });
    return dispose;
  }

  refusal(error: unknown) {
    if (error instanceof AnswerError) return refusalIn(error.errors);
    const { source } = error as { source?: { errors?: Parameters<typeof refusalIn>[0] } };
    return source ? refusalIn(source.errors) : refusal(error);
  }

  async close() {
    await this.socket.dispose();
  }

  /** load runs a query, keeps its data, and returns where in the store a fragment of it is. */
  private async load<Query extends OperationType>(
    query: GraphQLTaggedNode,
    variables: Query['variables'],
    fragment: GraphQLTaggedNode,
    reference: (data: Query['response']) => unknown,
  ): Promise<SingularReaderSelector> {
    const operation = createOperationDescriptor(getRequest(query), variables);
    this.environment.retain(operation);
    await fetchQuery<Query>(this.environment, query, variables, { fetchPolicy: 'network-only' }).toPromise();
    const { data } = this.environment.lookup(operation.fragment);
    const selector = getSingularSelector(getFragment(fragment), reference(data as Query['response']));
    assert.ok(selector);
    return selector;
  }

  private mutate<M extends MutationParameters>(
    mutation: GraphQLTaggedNode,
    variables: M['variables'],
    optimisticResponse?: MutationConfig<M>['optimisticResponse'],
  ): Promise<M['response']> {
    return new Promise((resolve, reject) => {
      commitMutation<M>(this.environment, {
        mutation,
        variables,
        optimisticResponse,
        onCompleted: (response, errors) => (errors ? reject(new AnswerError(errors)) : resolve(response)),
        onError: reject,
      });
    });
  }

  private async post(query: string | null | undefined, variables: Variables): Promise<GraphQLResponse> {
    const response = await fetch(this.userd.graphql, {
      method: 'POST',
      body: JSON.stringify({ query, variables }),
      headers: { 'Content-Type': 'application/json', ...bearer(this.key) },
    });
    return (await response.json()) as GraphQLResponse;
  }

  private subscribe(query: string | null | undefined, variables: Variables): Observable<GraphQLResponse> {
    return Observable.create((sink) =>
      this.socket.subscribe(
        { query: query ?? '', variables },
        { next: (result) => sink.next(result as GraphQLResponse), error: (error) => sink.error(error as Error), complete: () => sink.complete() },
      ),
    );
  }
}

tell('Relay', (userd, key) => new Relay(userd, key), (story) => {
  const firstName = (selector: SingularReaderSelector) => story.client.look<documents_user$data>(selector).firstName;
  const renamed = (user: { id: string; email: string; version: number }, name: string) => ({
    updateUser: { user: { id: user.id, email: user.email, firstName: name, version: user.version }, errors: [] },
  });

  test('refetches a user by its id alone', async () => {
    const { id } = await story.created();
    const selector = await story.client.user(id);
    await story.userd.rename(id, 'Augusta');
    assert.equal(firstName(selector), 'Ada');
    await story.client.refetch(id);
    assert.equal(firstName(selector), 'Augusta');
  });

  test('shows an update before the server has it', async () => {
    const user = await story.created();
    const selector = await story.client.user(user.id);
    const done = story.client.update({ id: user.id, firstName: 'Augusta' }, renamed(user, 'Optimist'));
    assert.equal(firstName(selector), 'Optimist');
    await done;
    assert.equal(firstName(selector), 'Augusta');
  });

  test('takes an update back that the server refuses', async () => {
    const user = await story.created();
    const selector = await story.client.user(user.id);
    const done = story.client.update({ id: user.id, firstName: 'Augusta', expectedVersion: 7 }, renamed(user, 'Optimist'));
    assert.equal(firstName(selector), 'Optimist');
    await done;
    assert.equal(firstName(selector), 'Ada');
  });
});

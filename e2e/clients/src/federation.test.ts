// The service as a subgraph of Apollo Federation 2: composed with another one by Apollo's own composition, and queried
// through Apollo's gateway.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { composeServices } from '@apollo/composition';
import { ApolloGateway, LocalGraphQLDataSource, RemoteGraphQLDataSource } from '@apollo/gateway';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

import { Userd } from './userd.js';

/** orders is another team's service: it knows users by their ids alone. */
const orders = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])

  type Query {
    orders(userIds: [ID!]!): OrderConnection!
  }

  type OrderConnection {
    nodes: [Order!]!
    pageInfo: PageInfo!
  }

  type Order {
    user: User
  }

  type User @key(fields: "id") {
    id: ID!
    orderCount: Int!
  }

  type PageInfo @shareable {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
`);

const orderResolvers = {
  Query: {
    orders: (_: unknown, { userIds }: { userIds: string[] }) => ({
      nodes: userIds.map((id) => ({ user: { __typename: 'User', id } })),
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    }),
  },
  User: {
    orderCount: ({ id }: { id: string }) => id.length,
  },
};

describe('Apollo Federation', { timeout: 60_000 }, () => {
  let userd: Userd;
  let gateway: ApolloGateway;
  let ids: string[];

  before(async () => {
    userd = await Userd.start(['Ada', 'Grace', 'Joan'].map((name) => ({ email: `${name}@example.com`, first_name: name, last_name: 'X' })));
    ids = (await send<{ users: { nodes: { id: string }[] } }>('{ users { nodes { id } } }')).users.nodes.map(({ id }) => id);
    const { _service } = await send<{ _service: { sdl: string } }>('{ _service { sdl } }');
    const { supergraphSdl, errors } = composeServices([
      { name: 'users', typeDefs: parse(_service.sdl), url: userd.graphql },
      { name: 'orders', typeDefs: orders, url: 'http://orders.invalid' },
    ]);
    assert.deepEqual(errors, undefined);
    assert.ok(supergraphSdl);
    gateway = new ApolloGateway({
      supergraphSdl,
      buildService: ({ name, url }) =>
        name === 'users'
          ? new RemoteGraphQLDataSource({ url })
          : new LocalGraphQLDataSource(buildSubgraphSchema({ typeDefs: orders, resolvers: orderResolvers })),
    });
    await gateway.load();
  });
  after(async () => {
    await gateway.stop();
    await userd.end();
  });

  /** send asks the service itself. */
  const send = async <Data>(query: string): Promise<Data> => {
    const response = await fetch(userd.graphql, {
      method: 'POST',
      body: JSON.stringify({ query }),
      headers: { 'Content-Type': 'application/json' },
    });
    return ((await response.json()) as { data: Data }).data;
  };

  /** ask asks the gateway. */
  const ask = async (query: string, variables: Record<string, unknown> = {}): Promise<unknown> => {
    // What Apollo Server would hand over, as far as the gateway looks at it.
    const request = { document: parse(query), request: { query, variables }, queryHash: query, context: {}, logger: console, metrics: {} };
    const result = await gateway.executor(request as unknown as Parameters<typeof gateway.executor>[0]);
    assert.equal(result.errors, undefined);
    return JSON.parse(JSON.stringify(result.data));
  };

  test('joins what another subgraph knows to a list of users', async () => {
    assert.deepEqual(await ask('{ users { nodes { firstName orderCount } pageInfo { hasNextPage } } }'), {
      users: {
        nodes: ['Ada', 'Grace', 'Joan'].map((firstName) => ({ firstName, orderCount: 36 })),
        pageInfo: { hasNextPage: false },
      },
    });
  });

  test('resolves users whom another subgraph refers to, and null for one who is not there', async () => {
    const query = 'query ($ids: [ID!]!) { orders(userIds: $ids) { nodes { user { firstName orderCount } } } }';
    const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
    assert.deepEqual(await ask(query, { ids: [ids[2], nobody, ids[0]] }), {
      orders: {
        nodes: [{ user: { firstName: 'Joan', orderCount: 36 } }, { user: null }, { user: { firstName: 'Ada', orderCount: 36 } }],
      },
    });
  });

  test('changes a user through the gateway', async () => {
    const mutation = 'mutation ($id: ID!) { updateUser(input: { id: $id, firstName: "Augusta" }) { user { firstName orderCount } errors { code } } }';
    assert.deepEqual(await ask(mutation, { id: ids[0] }), {
      updateUser: { user: { firstName: 'Augusta', orderCount: 36 }, errors: [] },
    });
  });
});

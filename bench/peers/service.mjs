// What all peers have in common: the users, the schema, and how they are run.
// The users are the answer of userd to a list, which the benchmark hands over:
// node PEER.mjs PORT USERS.json

import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const port = Number(process.argv[2]);

/** The users, in the order of the list. */
export const users = cluster.isPrimary ? [] : JSON.parse(readFileSync(process.argv[3], 'utf8')).data.users.nodes;
const byId = new Map(users.map(user => [user.id, user]));

/** The part of userd's schema that is measured. */
export const typeDefs = `
  scalar DateTime
  scalar EmailAddress
  type Query {
    user(id: ID!): User
    users(first: Int): UserConnection!
  }
  type UserConnection { nodes: [User!]! }
  type User {
    id: ID!
    email: EmailAddress!
    firstName: String!
    lastName: String!
    isActive: Boolean!
    version: Int!
    createdAt: DateTime!
    updatedAt: DateTime!
  }
`;

export const findUser = ({ id }) => byId.get(id) ?? null;
export const listUsers = ({ first = 50 }) => ({ nodes: users.slice(0, first) });
export const resolvers = {
  Query: { user: (_, args) => findUser(args), users: (_, args) => listUsers(args) },
};

/** Runs a worker on each processor, as one would in production. */
export async function run(listen) {
  if (!cluster.isPrimary) {
    await listen(port);
    return;
  }
  for (let i = 0; i < availableParallelism(); i++) cluster.fork();
  cluster.on('exit', () => process.exit(1)); // one that fails is to be noticed
}

// Apollo Server with its own HTTP server; it caches parsed documents by itself.

import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { resolvers, run, typeDefs } from './service.mjs';

await run(port => startStandaloneServer(
  new ApolloServer({ typeDefs, resolvers, introspection: false }),
  { listen: { port, host: '127.0.0.1' } },
));

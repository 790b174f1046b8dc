// GraphQL Yoga on Node's HTTP server; it caches parsed and validated documents by itself.

import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { resolvers, run, typeDefs } from './service.mjs';

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false, graphiql: false });

await run(port => new Promise(resolve => createServer(yoga).listen(port, '127.0.0.1', resolve)));

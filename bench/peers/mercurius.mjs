// Mercurius on Fastify, which compiles a document when it is seen for the second time.

import Fastify from 'fastify';
import mercurius from 'mercurius';
import { resolvers, run, typeDefs } from './service.mjs';

const app = Fastify();
app.register(mercurius, { schema: typeDefs, resolvers, jit: 1 });

await run(port => app.listen({ port, host: '127.0.0.1' }));

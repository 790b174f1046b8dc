// The REST API with openapi-fetch, typed by openapi-typescript.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import createClient from 'openapi-fetch';

import { once, type Sink } from './feed.js';
import type { components, paths } from './generated/rest.js';
import type { Refusal } from './refusal.js';
import { tell, type Client, type NewUser, type Outcome, type Rename, type User } from './story.js';
import { bearer, type Userd } from './userd.js';

type Schemas = components['schemas'];

class Rest implements Client {
  readonly api;
  readonly usesSockets = false;

  constructor(userd: Userd, key?: string) {
    this.api = createClient<paths>({ baseUrl: userd.url, headers: bearer(key) });
  }

  async users(limit: number) {
    const users: User[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const { data, error, response } = await this.api.GET('/users', { params: { query: { limit, cursor, sort: 'email' } } });
      if (!data) throw new ProblemError(error);
      users.push(...data.map(userOf));
      cursor = nextCursor(response);
    }
    return users;
  }

  async create({ email, firstName, lastName, password }: NewUser) {
    const { data, error } = await this.api.POST('/users', { body: { email, first_name: firstName, last_name: lastName, password } });
    return outcomeOf(data, error);
  }

  async update({ id, firstName, expectedVersion }: Rename) {
    const { data, error } = await this.api.PATCH('/users/{id}', {
      params: { path: { id }, header: { 'If-Match': expectedVersion === undefined ? '*' : `"${expectedVersion}"` } },
      body: { first_name: firstName },
    });
    return outcomeOf(data, error);
  }

  /** changeCursor follows the log's pages to where it ends. */
  async changeCursor() {
    for (let after: string | undefined; ; ) {
      const { data, error, response } = await this.api.GET('/changes', { params: { query: { limit: 200, after } } });
      if (!data) throw new ProblemError(error);
      const next: string | undefined = nextCursor(response, 'after');
      assert.ok(next);
      if (data.length < 200) return next;
      after = next;
    }
  }

  follow(after: string, to: Sink) {
    const sink = once(to);
    const abort = new AbortController();
    void this.read(after, sink, abort.signal).then(() => sink.ended(), (why) => sink.ended(why));
    return () => abort.abort();
  }

  refusal(error: unknown): Refusal | undefined {
    return error instanceof ProblemError ? { code: error.problem?.code, message: error.message } : undefined;
  }

  close() {}

  private async read(after: string, sink: Sink, signal: AbortSignal): Promise<void> {
    const { data, error } = await this.api.GET('/changes', {
      params: { query: { after } },
      headers: { Accept: 'text/event-stream' },
      parseAs: 'stream',
      signal,
    });
    if (!data) throw new ProblemError(error);
    for await (const { type, body } of events(data)) {
      if (type !== 'change') continue;
      const { kind, user_id: userId, cursor, fields } = JSON.parse(body) as Schemas['Change'];
      const camelCase = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
      sink.next({ cursor, kind: kind.toUpperCase(), userId, fields: fields.map((f) => ({ ...f, field: camelCase(f.field) })) });
    }
  }
}

function userOf({ id, email, first_name: firstName, version }: Schemas['User']): User {
  return { id, email, firstName, version };
}

/** ProblemError is a problem that is none of the input. */
class ProblemError extends Error {
  constructor(readonly problem: Schemas['Problem'] | undefined) {
    super(problem?.detail);
  }
}

/** outcomeOf has the mistakes that a problem lists, and a stale version as one of them. */
function outcomeOf(user: Schemas['User'] | undefined, problem: Schemas['Problem'] | undefined): Outcome {
  if (user) return { user: userOf(user), errors: [] };
  assert.ok(problem);
  if (problem.code === 'VERSION_CONFLICT') {
    return { user: null, errors: [{ field: 'expectedVersion', code: problem.code, message: problem.detail }] };
  }
  if (!problem.errors) throw new ProblemError(problem);
  return { user: null, errors: problem.errors };
}

/** nextCursor is where a page says that the next one starts. */
function nextCursor(response: Response, parameter: 'cursor' | 'after' = 'cursor'): string | undefined {
  const next = /<([^>]*)>; rel="next"/.exec(response.headers.get('Link') ?? '')?.[1];
  return next && (new URL(next, response.url).searchParams.get(parameter) ?? undefined);
}

/** events are the server-sent events of a body, as far as this server uses them. */
async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<{ type: string; body: string }> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const field = (name: string) => part.match(new RegExp(`^${name}: ?(.*)$`, 'm'))?.[1] ?? '';
      yield { type: field('event'), body: field('data') };
    }
  }
}

tell('openapi-fetch', (userd, key) => new Rest(userd, key), (story) => {
  test('knows an error by its type', async () => {
    const id = '01890a5d-ac96-774b-bcce-b302099a8057';
    const { error, response } = await story.client.api.GET('/users/{id}', { params: { path: { id } } });
    const code: Schemas['ErrorCode'] | undefined = error?.code;
    assert.deepEqual([response.status, code, error?.status], [404, 'USER_NOT_FOUND', 404]);
  });

  test('is refused by the compiler what the service would refuse', async () => {
    // @ts-expect-error: a user has a last name
    const { error } = await story.client.api.POST('/users', { body: { email: 'a@example.com', first_name: 'A', password: 'difference engine' } });
    assert.deepEqual(error?.errors?.map(({ field, code }) => `${field}: ${code}`), ['last_name: REQUIRED']);
  });

  test('creates 1000 users, and is answered for each', async () => {
    const taken = (await story.created()).email;
    const users = Array.from({ length: 1000 }, (_, i) => ({ email: `many${i}@example.com`, first_name: 'One', last_name: 'Of Many' }));
    users[500] = { email: taken, first_name: 'Not', last_name: 'Me' };
    const none = await story.client.api.POST('/users:batch', { body: { users } });
    assert.deepEqual(none.error?.errors?.map(({ field, code }) => `${field}: ${code}`), ['users[500].email: EMAIL_TAKEN']);
    const { data } = await story.client.api.POST('/users:batch', { body: { users, policy: 'each' } });
    assert.equal(data?.results[999]?.user?.email, 'many999@example.com');
    assert.equal(data?.results[500]?.problem?.code, 'EMAIL_TAKEN');
    assert.equal(data?.results.filter(({ user }) => user).length, 999);
  });

  test('deletes a user, once', async () => {
    const { id } = await story.created();
    const remove = () => story.client.api.DELETE('/users/{id}', { params: { path: { id } } });
    assert.equal((await remove()).response.status, 204);
    assert.equal((await remove()).error?.code, 'USER_NOT_FOUND');
  });
});

// The story that every client tells, and what has to come of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Feed, type Sink } from './feed.js';
import type { Refusal } from './refusal.js';
import { Userd } from './userd.js';

/** User is what the story looks at of a user. */
export interface User {
  id: string;
  email: string;
  firstName: string;
  version: number;
}

/** Outcome is what a mutation comes to: a user, or what to mend. */
export interface Outcome {
  user?: User | null;
  errors: readonly { code: string; field?: string | null; message: string }[];
}

/** NewUser is the input of a creation. */
export interface NewUser {
  email: string;
  firstName: string;
  lastName: string;
  password: string;
}

/** Rename is the input of an update. */
export interface Rename {
  id: string;
  firstName: string;
  expectedVersion?: number;
}

/** Client is an application that uses one of the libraries, in the way that the library's documentation shows. */
export interface Client {
  /** users reads the whole list, ordered by e-mail address, in pages of this size. */
  users(pageSize: number): Promise<readonly User[]>;
  create(input: NewUser): Promise<Outcome>;
  update(input: Rename): Promise<Outcome>;
  /** changeCursor is the cursor of the newest change. */
  changeCursor(): Promise<string>;
  /** refusal is what an error, of a call or of a subscription that has ended, says in this library. */
  refusal(error: unknown): Refusal | undefined | Promise<Refusal | undefined>;
  /** follow subscribes to the changes after a cursor, and returns what ends it. */
  follow(after: string, sink: Sink): () => void;
  /** usesSockets tells whether follow goes over a WebSocket. */
  readonly usesSockets: boolean;
  /** close ends all connections. */
  close(): void | Promise<void>;
}

/** Story is what a test that a client has of its own works with. */
export interface Story<C extends Client> {
  readonly userd: Userd;
  readonly client: C;
  /** created returns a user nobody else changes. */
  created(): Promise<User>;
}

const crowd = 500;
const limit = { timeout: 60_000 };

/** Connect makes a client of a service, which shows a key if it is given one. */
export type Connect<C extends Client> = (userd: Userd, key?: string) => C;

/**
 * tell runs the story, and then the client's own chapters, with a client that is connected to a service of its own: to
 * an open one, and to a closed one with a key that allows what the story does and no more.
 */
export function tell<C extends Client>(name: string, connect: Connect<C>, more: (story: Story<C>) => void = () => {}) {
  for (const door of ['open', 'closed'] as const) tellAt(door, name, connect, more);
}

function tellAt<C extends Client>(door: 'open' | 'closed', name: string, connect: Connect<C>, more: (story: Story<C>) => void) {
  describe(`${name}, ${door === 'open' ? 'of an open service' : 'signed in with a key'}`, limit, () => {
    const story = new Teller(connect, door);
    before(() => story.open());
    after(() => story.close());

    test(`pages through ${crowd} users`, async () => {
      const users = await story.client.users(50);
      assert.deepEqual(users.map(({ email }) => email), people.map(({ email }) => email));
    });

    test('creates a user', async () => {
      const input = newUser();
      const { user, errors } = await story.client.create(input);
      assert.deepEqual(errors, []);
      assert.ok(user);
      assert.deepEqual([user.email, user.firstName, user.version], [input.email, 'Ada', 1]);
    });

    test('is told what is wrong at which field', async () => {
      const { user, errors } = await story.client.create({ ...newUser(), email: 'ada', password: 'short' });
      assert.equal(user, null);
      assert.deepEqual(errors.map(({ field, code }) => `${field}: ${code}`), ['email: INVALID', 'password: TOO_SHORT']);
      for (const { message } of errors) assert.match(message, /^[A-Z].*\.$/);
    });

    test('does not overwrite what somebody else has changed', async () => {
      const { id, version } = await story.created();
      const first = await story.client.update({ id, firstName: 'Augusta', expectedVersion: version });
      assert.deepEqual(first.user?.version, version + 1);
      const second = await story.client.update({ id, firstName: 'Countess', expectedVersion: version });
      assert.equal(second.user, null);
      assert.deepEqual(second.errors.map(({ field, code }) => `${field}: ${code}`), ['expectedVersion: VERSION_CONFLICT']);
    });

    test('sees a change as it happens', async () => {
      const { id } = await story.created();
      const feed = await story.follow();
      await story.client.update({ id, firstName: 'Augusta' });
      assert.deepEqual(await feed.names(1), ['Augusta']);
      feed.end();
    });

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      test(`loses no change when the server is restarted by ${signal}`, async () => {
        const { id } = await story.created();
        const feed = await story.follow();
        await story.client.update({ id, firstName: 'Before' });
        await feed.names(1);
        await story.userd.restart(signal, () => story.userd.rename(id, 'Unseen'));
        await story.client.update({ id, firstName: 'After' });
        assert.deepEqual(await feed.names(3), ['Before', 'Unseen', 'After']);
        feed.end();
      });
    }

    if (door === 'closed') refusals(story);
    more(story);
  });
}

/** refusals are what a client of a closed service sees when its key is not good enough. */
function refusals<C extends Client>(story: Teller<C>) {
  const wrong = `userd_${'0'.repeat(49)}`;

  for (const [what, key] of [['a wrong key', wrong], ['no key', undefined]] as const) {
    test(`is refused with ${what}`, async () => {
      await story.as(key, async (client) => {
        const refusal = await refused(client, client.users(50));
        assert.equal(refusal.code, 'UNAUTHENTICATED');
        assert.match(refusal.message, /key or token/);
        assert.equal((await refused(client, client.create(newUser()))).code, 'UNAUTHENTICATED');
        // A WebSocket is closed before anything can be asked over it.
        const { code } = await refused(client, ended(client, await story.client.changeCursor()));
        assert.equal(code, client.usesSockets ? 4403 : 'UNAUTHENTICATED');
      });
    });
  }

  test('is told which scope its key lacks', async () => {
    await story.as(story.userd.keys?.reader, async (client) => {
      assert.equal((await client.users(200)).length > crowd, true);
      for (const [call, scope] of [
        [() => client.create(newUser()), 'users:write'],
        [() => client.changeCursor(), 'changes:read'],
        [async () => ended(client, await story.client.changeCursor()), 'changes:read'],
      ] as const) {
        const refusal = await refused(client, call());
        assert.equal(refusal.code, 'FORBIDDEN');
        assert.ok(refusal.message.includes(scope), refusal.message);
      }
    });
  });
}

/** refused waits for a call to fail, and returns what its error says. */
async function refused(client: Client, call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(() => assert.fail('it is not refused'), (why: unknown) => why);
  const refusal = await client.refusal(error);
  assert.ok(refusal, `this says nothing: ${String(error)}`);
  return refusal;
}

/** ended waits for a subscription to end, and fails with the reason. */
function ended(client: Client, after: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.follow(after, { next: () => resolve(), ended: (why) => (why === undefined ? resolve() : reject(why)) });
  });
}

/** people are in the service from the start; all created by the story come after them in the order of addresses. */
const people = Array.from({ length: crowd }, (_, i) => ({
  email: `person${String(i).padStart(3, '0')}@example.com`,
  first_name: 'Person',
  last_name: String(i),
}));

let created = 0;

/** newUser is an input that creates a user. */
export function newUser(): NewUser {
  return { email: `zoe${created++}@example.com`, firstName: 'Ada', lastName: 'Byron', password: 'difference engine' };
}

class Teller<C extends Client> implements Story<C> {
  private service?: Userd;
  private connected?: C;

  constructor(
    private readonly connect: Connect<C>,
    private readonly door: 'open' | 'closed',
  ) {}

  async open(): Promise<void> {
    this.service = await Userd.start(people, this.door);
    this.connected = this.connect(this.service, this.service.keys?.app);
  }

  /** as has another client, which shows this key, do something. */
  async as(key: string | undefined, something: (client: C) => Promise<void>): Promise<void> {
    const client = this.connect(this.userd, key);
    try {
      await something(client);
    } finally {
      await client.close();
    }
  }

  async close(): Promise<void> {
    await this.connected?.close();
    await this.service?.end();
  }

  get userd(): Userd {
    assert.ok(this.service);
    return this.service;
  }

  get client(): C {
    assert.ok(this.connected);
    return this.connected;
  }

  async created(): Promise<User> {
    const { user, errors } = await this.client.create(newUser());
    assert.deepEqual(errors, []);
    assert.ok(user);
    return user;
  }

  async follow(): Promise<Feed> {
    return new Feed(this.client, await this.client.changeCursor(), () => this.userd.up);
  }
}

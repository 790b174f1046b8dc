// The story that every client tells, and what has to come of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Feed, type Sink } from './feed.js';
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
  /** follow subscribes to the changes after a cursor, and returns what ends it. */
  follow(after: string, sink: Sink): () => void;
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

/** tell runs the story, and then the client's own chapters, with a client that is connected to a service of its own. */
export function tell<C extends Client>(name: string, connect: (userd: Userd) => C, more: (story: Story<C>) => void = () => {}) {
  describe(name, limit, () => {
    const story = new Teller(connect);
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

    more(story);
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

  constructor(private readonly connect: (userd: Userd) => C) {}

  async open(): Promise<void> {
    this.service = await Userd.start(people);
    this.connected = this.connect(this.service);
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

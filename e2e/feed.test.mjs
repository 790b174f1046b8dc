// The live feed with the clients that frontends use, against the real service: changes arrive, and a restart of the
// server loses none of them.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { createClient as createEventClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';

import * as chromium from './browser/chromium.mjs';

const limit = { timeout: 120_000 };
const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

let dir;
let service;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'userd-feed-'));
  const binary = process.env.E2E_BINARY ?? join(dir, 'userd');
  if (!process.env.E2E_BINARY) await run('go', ['build', '-o', binary, './cmd/userd'], { cwd: root, timeout: 5 * 60_000 });
  service = new Service(binary, join(dir, 'users.db'));
  await service.start();
}, { timeout: 6 * 60_000 });

after(async () => {
  await service?.stop();
  await rm(dir, { recursive: true, force: true });
}, limit);

// Service is a userd that keeps its users in a file and can be restarted. The browser tests' one forgets.
class Service {
  constructor(binary, file) {
    this.args = [binary, ['--addr', '127.0.0.1:0', '--database-url', `file:${file}`, '--log-format', 'json']];
  }

  async start() {
    const [binary, args] = this.args;
    this.child = spawn(binary, args, { cwd: dir, env: { PATH: process.env.PATH }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.exited = once(this.child, 'exit');
    this.url = await new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', () => reject(new Error('userd ended before it listened')));
      createInterface({ input: this.child.stderr }).on('line', (line) => {
        const { msg, addr } = JSON.parse(line);
        if (msg === 'listening') resolve(`http://${addr}`);
      });
    });
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    const [code] = await this.exited;
    assert.equal(code, signal === 'SIGTERM' ? 0 : null);
  }

  // restart runs missed when the server is up again and before clients connect, for which they wait for ready.
  async restart(signal, missed) {
    let resolve;
    this.ready = new Promise((done) => (resolve = done));
    await this.stop(signal);
    await this.start();
    await missed();
    resolve();
  }
}

let users = 0;

async function createUser() {
  const user = { email: `feed${users++}@example.com`, first_name: 'Ada', last_name: 'Byron', password: 'difference engine' };
  const response = await send('POST', '/users', user, 'application/json');
  assert.equal(response.status, 201);
  return (await response.json()).id;
}

async function rename(id, name) {
  const response = await send('PATCH', `/users/${id}`, { first_name: name }, 'application/merge-patch+json');
  assert.equal(response.status, 200);
}

function send(method, path, body, type) {
  return fetch(service.url + path, { method, body: JSON.stringify(body), headers: { 'Content-Type': type } });
}

async function logEnd() {
  const response = await send('POST', '/graphql', { query: '{ changes(first: 200) { pageInfo { endCursor hasNextPage } } }' }, 'application/json');
  const { data } = await response.json();
  assert.equal(data.changes.pageInfo.hasNextPage, false);
  return data.changes.pageInfo.endCursor;
}

const query = 'subscription ($after: String) { userChanges(after: $after) { cursor kind fields { field new } } }';

const clients = {
  'graphql-ws': () =>
    createSocketClient({
      url: () => `${service.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 20,
      retryWait: () => service.ready,
    }),
  'graphql-sse': () =>
    createEventClient({ url: () => `${service.url}/graphql`, retryAttempts: 20, retry: () => service.ready }),
};

// follow subscribes from a cursor on, and keeps the cursor at the last change seen: both clients send the request as
// it is then when they connect again.
function follow(client, cursor) {
  const variables = { after: cursor };
  const seen = [];
  const waiting = [];
  let failure;
  const check = () => waiting.forEach((one) => one());
  const unsubscribe = client.subscribe(
    { query, variables },
    {
      next({ data, errors }) {
        assert.equal(errors, undefined);
        variables.after = data.userChanges.cursor;
        seen.push(data.userChanges);
        check();
      },
      error(error) {
        failure = error;
        check();
      },
      complete: check,
    },
  );
  const names = () => seen.map(({ kind, fields }) => fields.find(({ field }) => field === 'firstName')?.new ?? kind);
  const until = (count) =>
    new Promise((resolve, reject) => {
      const look = () => (failure ? reject(failure) : seen.length >= count && resolve(names()));
      waiting.push(look);
      look();
    });
  return { until, unsubscribe, failure: () => failure };
}

for (const [name, create] of Object.entries(clients)) {
  test(`${name} sees a change made over REST`, limit, async () => {
    const client = create();
    const feed = follow(client, await logEnd());
    const id = await createUser();
    await rename(id, 'Augusta');
    assert.deepEqual(await feed.until(2), ['Ada', 'Augusta']);
    await client.dispose();
  });

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`${name} goes on after a restart by ${signal}, and misses nothing`, limit, async () => {
      const client = create();
      const id = await createUser();
      const feed = follow(client, await logEnd());
      await rename(id, 'A');
      await feed.until(1);
      await service.restart(signal, () => rename(id, 'B'));
      await rename(id, 'C');
      assert.deepEqual(await feed.until(3), ['A', 'B', 'C']);
      assert.equal(feed.failure(), undefined);
      await client.dispose();
    });
  }

  test(`${name} is told that a cursor is none`, limit, async () => {
    const client = create();
    const told = await new Promise((resolve) => {
      client.subscribe({ query, variables: { after: 'x' } }, { next: ({ errors }) => resolve(errors), error: resolve, complete() {} });
    });
    assert.equal(told[0].extensions.code, 'INVALID_INPUT');
    assert.equal(told[0].extensions.fields[0].field, 'after');
    await client.dispose();
  });

  test(`${name} runs queries too`, limit, async () => {
    const client = create();
    const results = [];
    for await (const result of client.iterate({ query: '{ __typename }' })) results.push(result);
    assert.deepEqual(results, [{ data: { __typename: 'Query' } }]);
    await client.dispose();
  });
}

test('/playground shows a live change', limit, async () => {
  const browser = await chromium.launch();
  try {
    await chromium.visit(browser, service.url, '/playground', {}, async (page) => {
      const subscribed = new Promise((resolve) => {
        page.on('websocket', (socket) => {
          socket.on('framesent', ({ payload }) => String(payload).includes('userChanges') && resolve());
        });
      });
      await page.locator('.graphiql-query-editor .CodeMirror').click();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.insertText(`subscription Follow {
  userChanges(after: "${await logEnd()}") { kind fields { field new } }
}`);
      // GraphiQL reads the operation's name a moment after the last key, and puts it on the tab.
      await page.locator('.graphiql-tab').getByText('Follow').waitFor();
      await page.locator('.graphiql-execute-button').click();
      await subscribed;
      const answer = page.locator('.graphiql-response .CodeMirror');
      const id = await createUser();
      await answer.filter({ hasText: /CREATED/ }).waitFor();
      await rename(id, 'Countess');
      await answer.filter({ hasText: /Countess/ }).waitFor();
      await chromium.screenshot(page, 'playground-subscription');
      await page.locator('.graphiql-execute-button').click(); // stops it
    });
  } finally {
    await browser.close();
  }
});

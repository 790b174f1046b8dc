// Tests against a userd of their own, with nothing but Node. Run them with: node --test users.test.mjs

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';
import { createInterface } from 'node:readline';

const args = 'serve --addr=127.0.0.1:0 --database-url=memory: --seed=users.ndjson --fixed-clock=2026-01-01T00:00:00Z --deterministic-ids --log-format=json';
let userd, url;

before(async () => {
  userd = spawn('userd', args.split(' '), { cwd: import.meta.dirname, stdio: ['ignore', 'ignore', 'pipe'] });
  url = await new Promise((resolve, reject) => {
    userd.once('error', reject);
    userd.once('exit', (code) => reject(new Error(`userd ended with status ${code}`)));
    createInterface({ input: userd.stderr }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const { msg, addr } = JSON.parse(line);
      if (msg === 'listening') resolve(`http://${addr}`);
    });
  });
});
beforeEach(async () => assert.equal((await fetch(`${url}/test/reset`, { method: 'POST' })).status, 204));
after(() => userd.kill());

const users = async (query = '') => (await fetch(`${url}/users${query}`)).json();
const create = (body) =>
  fetch(`${url}/users`, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
const joan = { email: 'joan@example.com', first_name: 'Joan', last_name: 'Clarke', password: 'the naval enigma' };

test('begins with the seed', async () => {
  assert.deepEqual((await users('?sort=email')).map(({ email }) => email), ['ada@example.com', 'grace@example.com']);
});

test('knows what a new user looks like', async () => {
  const response = await create(joan);
  assert.deepEqual([response.status, await response.json()], [201, {
    id: '00000000-0000-7000-8000-000000000003', email: 'joan@example.com', first_name: 'Joan', last_name: 'Clarke', is_active: true, email_verified_at: null,
    version: 1, created_at: '2026-01-01T00:00:00.000000Z', updated_at: '2026-01-01T00:00:00.000000Z',
  }]);
});

test('is not bothered by what the test before did', async () => {
  assert.equal((await users()).length, 2);
  assert.equal((await create(joan)).headers.get('Location'), '/users/00000000-0000-7000-8000-000000000003');
});

// The console while others change users: rows follow, nothing moves, and nothing is missed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { button, drawer, fillIn, hold, limit, listed, live, names, person, rowOf, settled, shown, suite } from './browser/console.mjs';

// Few changes are kept, so that a page can be away for too long.
const { visit, call } = suite({ flags: ['--keep-changes=20'] });

const create = (more) => call('POST', '/users', person({ password: 'a long enough secret', ...more }));

test('a change from outside is seen in its row, with a mark', limit, async () => {
  const [first, second] = [await create(), await create()];
  await visit('/console', {}, async (page) => {
    await live(page);
    await settled(page);
    const before = await shown(page);
    await call('PATCH', `/users/${first.id}`, { first_name: 'Renamed', is_active: false });
    const row = rowOf(page, `Renamed ${first.last_name}`);
    await row.locator('.mark').getByText('changed just now by anonymous').waitFor();
    await row.getByText('Inactive', { exact: true }).waitFor();
    assert.deepEqual(await shown(page), before.map((name) => (name === `Person ${first.last_name}` ? `Renamed ${first.last_name}` : name)));
    await call('DELETE', `/users/${second.id}`);
    await rowOf(page, `Person ${second.last_name}`).getByText('Deleted', { exact: true }).waitFor();
    assert.equal(await names(page).count(), before.length, 'the row keeps its place');
  });
});

test('what happens while the list is read is seen in it, though the answer is older', limit, async () => {
  const [changed, deleted, again, gone] = [await create(), await create(), await create(), await create()];
  const prepare = async (page) => ({ told: feedOf(page), first: await hold(page, 'query ListUsers') });
  await visit('/console', { prepare }, async (page, { told, first }) => {
    // None of its rows is there yet.
    await first.held;
    await call('PATCH', `/users/${changed.id}`, { first_name: 'Early' });
    await call('DELETE', `/users/${deleted.id}`);
    await told(changed, deleted);
    assert.deepEqual(await shown(page), []);
    first.release();
    await rowOf(page, `Early ${changed.last_name}`).locator('.mark').getByText('changed just now by anonymous').waitFor();
    await rowOf(page, `Person ${deleted.last_name}`).getByText('Deleted', { exact: true }).waitFor();

    // The rows are there, and read once more.
    const newest = await create({ first_name: 'New' });
    const second = await hold(page, 'query ListUsers');
    await button(page, '1 new user – show').click();
    await second.held;
    await call('PATCH', `/users/${again.id}`, { first_name: 'Late' });
    await call('DELETE', `/users/${gone.id}`);
    await rowOf(page, `Late ${again.last_name}`).waitFor();
    await rowOf(page, `Person ${gone.last_name}`).getByText('Deleted', { exact: true }).waitFor();
    second.release();
    await rowOf(page, `New ${newest.last_name}`).waitFor();
    await rowOf(page, `Late ${again.last_name}`).locator('.mark').waitFor();
    await rowOf(page, `Person ${gone.last_name}`).getByText('Deleted', { exact: true }).waitFor();
  });
});

test('a user that is changed while it is opened is shown as it is', limit, async () => {
  const user = await create();
  const prepare = (page) => hold(page, 'query GetUser(');
  await visit(`/console/users/${user.id}?q=nobody`, { prepare }, async (page, read) => {
    await read.held;
    const told = page.waitForResponse((response) => response.request().postData()?.includes('query GetUsers('));
    await call('PATCH', `/users/${user.id}`, { first_name: 'Opened' });
    await (await told).finished();
    read.release();
    await page.getByRole('heading', { name: `Opened ${user.last_name}` }).waitFor();
  });
});

test('new users are announced, and shown when asked for', limit, async () => {
  await visit('/console', {}, async (page) => {
    await live(page);
    await settled(page);
    const before = await shown(page);
    const made = [await create({ first_name: 'New' }), await create({ first_name: 'New' })];
    const show = button(page, '2 new users – show');
    await show.waitFor();
    assert.deepEqual(await shown(page), before, 'nothing has moved');
    await show.click();
    await listed(page, [...made.reverse().map((user) => `New ${user.last_name}`), ...before.filter((_, i) => i < 48)]);
    assert.equal(await page.getByText('new users – show').count(), 0);
  });
});

test('neither the page’s own new users are announced nor those that are gone', limit, async () => {
  await visit('/console', {}, async (page) => {
    await live(page);
    await settled(page);
    const creation = await hold(page, 'mutation CreateUser');
    await page.getByRole('link', { name: 'New user' }).click();
    const own = person({ first_name: 'Own' });
    await fillIn(page, own);
    await button(drawer(page), 'Create user').click();
    // The feed tells of it first: until it is answered, it may be anybody's.
    await page.getByText('1 new user – show').waitFor({ state: 'attached' });
    const [gone, stays] = [await create({ first_name: 'New' }), await create({ first_name: 'New' })];
    await page.getByText('3 new users – show').waitFor({ state: 'attached' });
    await call('DELETE', `/users/${gone.id}`);
    await page.getByText('2 new users – show').waitFor({ state: 'attached' });
    creation.release();
    await drawer(page).getByRole('heading', { name: `Own ${own.last_name}` }).waitFor();
    await rowOf(page, `Own ${own.last_name}`).waitFor({ state: 'attached' });
    await rowOf(page, `New ${stays.last_name}`).waitFor({ state: 'attached' });
    await create({ first_name: 'New' });
    await page.getByText('1 new user – show').waitFor({ state: 'attached' });
  });
});

test('after an interruption the feed goes on where it was', limit, async () => {
  const user = await create();
  await visit('/console', { prepare: cuttable }, async (page, line) => {
    await live(page);
    await settled(page);
    line.cut();
    await page.getByText('Offline', { exact: true }).waitFor();
    await call('PATCH', `/users/${user.id}`, { first_name: 'Meanwhile' });
    line.mend();
    await rowOf(page, `Meanwhile ${user.last_name}`).locator('.mark').getByText('changed just now').waitFor();
    await live(page);
    assert.equal(line.subscriptions.length, 2);
    assert.notEqual(line.subscriptions[1].after, undefined);
  });
});

test('a page that was away for too long reads the list afresh', limit, async () => {
  const user = await create();
  await visit('/console', { prepare: cuttable }, async (page, line) => {
    await live(page);
    await settled(page);
    line.cut();
    await page.getByText('Offline', { exact: true }).waitFor();
    for (let i = 0; i < 50; i++) await call('PATCH', `/users/${user.id}`, { first_name: `Renamed${i}` });
    line.mend();
    await page.getByRole('link', { name: `Renamed49 ${user.last_name}` }).waitFor({ timeout: 60_000 }); // the pauses have become long
    await live(page);
  });
});

test('a page follows changes from before it was opened to the end of a burst', limit, async () => {
  const made = await Promise.all(Array.from({ length: 10 }, () => create({ first_name: 'Burst' })));
  await visit('/console?q=burst', {}, async (page) => {
    await live(page);
    await names(page).nth(9).waitFor();
    for (const round of [1, 2, 3]) {
      for (const user of made) await call('PATCH', `/users/${user.id}`, { last_name: `Round${round}` });
    }
    await listed(page, made.map(() => 'Burst Round3'));
  });
});

test('a service that is away is told in a sentence, and the list can be asked for again', limit, async () => {
  const expected = /ERR_|WebSocket/;
  await visit('/console', { expected }, async (page) => {
    await live(page);
    await page.context().setOffline(true);
    await page.getByLabel('Show').selectOption('active');
    await page.getByRole('alert').getByText('The service does not answer.').waitFor();
    await page.context().setOffline(false);
    await button(page, 'Try again').click();
    await names(page).first().waitFor();
  });
});

// feedOf listens to what the service tells the page: it gives a function that resolves once these users' changes were told.
function feedOf(page) {
  const heard = [];
  let wake = () => {};
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      heard.push(String(payload));
      wake();
    }),
  );
  return async (...users) => {
    while (!users.every(({ id }) => heard.some((one) => one.includes(id)))) await new Promise((resolve) => (wake = resolve));
  };
}

// cuttable puts a line between the page and the service that can be cut. What goes over it is the service's.
async function cuttable(page) {
  const open = new Set();
  const line = { isCut: false, subscriptions: [] };
  await page.routeWebSocket('**/graphql', (socket) => {
    if (line.isCut) return void socket.close({ code: 4000 });
    const server = socket.connectToServer();
    open.add(socket);
    socket.onMessage((message) => {
      const { type, payload } = JSON.parse(message);
      if (type === 'subscribe') line.subscriptions.push(payload.variables);
      server.send(message);
    });
  });
  line.cut = () => {
    line.isCut = true;
    for (const socket of open) socket.close({ code: 4000 });
    open.clear();
  };
  line.mend = () => (line.isCut = false);
  return line;
}

// Who may do what in the console: signing in, scopes, keys.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as chromium from './browser/chromium.mjs';
import { box, button, call, drawer, errorAt, hold, limit, live, names, password, person, refused, rowOf, visit } from './browser/console.mjs';
import * as userd from './browser/service.mjs';

let browser;
let open; // a service that is still open
let closed; // one with keys
const keys = {};

before(async () => {
  browser = await chromium.launch();
  open = await userd.start();
  closed = await userd.start();
  for (const [name, scopes] of [
    ['root', ['admin']],
    ['reader', ['users:read']],
    ['follower', ['users:read', 'changes:read']],
    ['writer', ['users:read', 'users:write', 'changes:read']],
    ['fleeting', ['users:read', 'changes:read']],
  ]) {
    keys[name] = (await callClosed('POST', '/keys', { name, scopes }, keys.root)).key;
  }
  await callClosed('POST', '/users', person(), keys.root);
}, { timeout: 6 * 60_000 });

after(async () => {
  await browser?.close();
  await open?.stop();
  await closed?.stop();
}, limit);

const callClosed = (method, path, body, key = keys.root) => call(closed.url, method, path, body, key);
const visitClosed = (path, body, expected = refused) => visit(browser, closed.url, path, { expected }, body);

// somebodySignedIn is a new user, and what its session of this label is used with.
async function somebodySignedIn(label) {
  const user = await callClosed('POST', '/users', person());
  return callClosed('POST', '/sessions', { email: user.email, password, label });
}

async function signIn(page, key) {
  await page.getByLabel('API key', { exact: true }).fill(key);
  await button(page, 'Sign in').click();
}

async function signedIn(path, key, body, expected) {
  await visitClosed(path, async (page) => {
    await signIn(page, key);
    await page.getByRole('banner').waitFor();
    await body(page);
  }, expected);
}

test('an open service asks for nothing', limit, async () => {
  await visit(browser, open.url, '/console', {}, async (page) => {
    await live(page);
    assert.equal(await page.getByText('API key', { exact: true }).count(), 0);
    assert.equal(await button(page, 'Sign out').count(), 0);
  });
});

test('a closed service asks for a key, and says when it is wrong', limit, async () => {
  await visitClosed('/console', async (page) => {
    await page.getByRole('heading', { name: 'Sign in to userd' }).waitFor();
    const field = page.getByLabel('API key', { exact: true });
    assert.equal(await page.evaluate(() => document.activeElement.name), 'key');
    assert.equal(await field.getAttribute('type'), 'password');
    await button(page, 'Sign in').click();
    await page.getByText('Enter an API key.').waitFor();
    for (const wrong of [keys.root.slice(0, -1), 'nonsense', 'schlüssel ключ']) {
      await signIn(page, wrong);
      await page.getByText(/does not take this key|is not a key/).waitFor();
    }
    await signIn(page, ` ${keys.root} `);
    await names(page).first().waitFor();
    await live(page);
  });
});

test('the key is in memory alone', limit, async () => {
  await signedIn('/console', keys.root, async (page) => {
    await live(page);
    assert.equal(new URL(page.url()).href.includes(keys.root), false);
    assert.equal(await page.evaluate((key) => document.documentElement.outerHTML.includes(key), keys.root), false);
    assert.equal(await page.evaluate(async () => (await indexedDB.databases()).length + (await caches.keys()).length), 0);
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in to userd' }).waitFor();
  });
});

test('every view asks for the key, and is there after it was given', limit, async () => {
  for (const [path, heading] of [['/console/import', 'Import users'], ['/console/keys', 'API keys'], ['/console/users/new', 'New user']]) {
    await signedIn(path, keys.root, async (page) => {
      await page.getByRole('heading', { name: heading }).waitFor();
    });
  }
});

test('signing out forgets the key', limit, async () => {
  await signedIn('/console', keys.root, async (page) => {
    await live(page);
    await button(page, 'Sign out').click();
    await page.getByRole('heading', { name: 'Sign in to userd' }).waitFor();
    await signIn(page, keys.reader);
    await names(page).first().waitFor();
    await page.getByText('Not live', { exact: true }).waitFor();
  });
});

test('a key that is revoked is turned away at once', limit, async () => {
  await signedIn('/console', keys.fleeting, async (page) => {
    await live(page);
    await callClosed('DELETE', '/keys/fleeting');
    await callClosed('POST', '/users', person());
    await page.getByText('The service no longer takes the key').waitFor();
  });
});

test('a key that may only read is told so in a sentence', limit, async () => {
  const { user, session } = await somebodySignedIn('Laptop');
  await signedIn(`/console/users/${user.id}`, keys.reader, async (page) => {
    await page.getByLabel('First name').fill('Other');
    await button(drawer(page), 'Save').click();
    await drawer(page).getByText('This needs an API key or token with the scope users:write.').waitFor();
    await page.getByLabel('First name').fill('Person');
    await button(drawer(page), 'Delete…').click();
    await button(box(page), 'Delete user').click();
    await box(page).getByText('scope users:write').waitFor();
    await button(box(page), 'Cancel').click();
    await drawer(page).getByRole('link', { name: 'History' }).click();
    await drawer(page).getByText('scope changes:read').waitFor();
    await drawer(page).getByRole('link', { name: 'Sessions' }).click();
    await button(drawer(page), 'End… Laptop').click();
    await button(box(page), 'End session').click();
    await box(page).getByRole('alert').getByText('scope users:write').waitFor();
    await button(box(page), 'Cancel').click();
    await button(drawer(page), 'End all…').click();
    const places = () => Promise.all([box(page).getByRole('heading'), button(box(page), 'Cancel')].map((one) => one.boundingBox()));
    const before = await places();
    await button(box(page), 'End all sessions').click();
    await box(page).getByRole('alert').getByText('scope users:write').waitFor();
    assert.deepEqual(await places(), before, 'what is said moves nothing');
    await button(box(page), 'Cancel').click();
    await button(drawer(page), 'Close').click();
    await page.getByRole('link', { name: 'API keys' }).click();
    await page.getByRole('alert').getByText('scope admin').waitFor();
  });
  assert.equal((await callClosed('GET', `/users/${user.id}`)).version, 1);
  const left = await callClosed('GET', `/users/${user.id}/sessions`);
  assert.deepEqual(left.map(({ id }) => id), [session.id]);
});

test('a user’s own token shows which session is its own, and ending that turns it away', limit, async () => {
  const { user, access_token } = await somebodySignedIn('This page');
  await callClosed('POST', '/sessions', { email: user.email, password, label: 'Phone' });
  await signedIn(`/console/users/${user.id}?tab=sessions`, access_token, async (page) => {
    const items = drawer(page).getByRole('listitem');
    await items.nth(1).waitFor();
    assert.deepEqual(await items.filter({ hasText: 'Current' }).getByRole('heading').allInnerTexts(), ['This page']);
    await button(items.first(), 'End… This page').click();
    await box(page).getByText('This page uses it, too.').waitFor();
    await button(box(page), 'End session').click();
    await page.getByText('The service no longer takes the key').waitFor();
  });
  const left = await callClosed('GET', `/users/${user.id}/sessions`);
  assert.deepEqual(left.map(({ label }) => label), ['Phone']);
});

test('a key that may not read users is told so in place of sessions', limit, async () => {
  const { user } = await somebodySignedIn('Laptop');
  const { key } = await callClosed('POST', '/keys', { name: 'blind', scopes: ['users:write'] });
  await signedIn(`/console/users/${user.id}?tab=sessions`, key, async (page) => {
    await drawer(page).getByRole('alert').getByText('scope users:read').waitFor();
    assert.equal(await drawer(page).getByRole('listitem').count(), 0);
  });
});

test('a key that may not read the list is told so in its place', limit, async () => {
  const { key } = await callClosed('POST', '/keys', { name: 'verifier', scopes: ['users:verify'] });
  await signedIn('/console', key, async (page) => {
    await page.getByRole('alert').getByText('scope users:read').waitFor();
  });
});

test('the history names the key that changed a user', limit, async () => {
  const user = await callClosed('POST', '/users', person());
  await signedIn(`/console/users/${user.id}`, keys.writer, async (page) => {
    await page.getByLabel('First name').fill('Signed');
    await button(drawer(page), 'Save').click();
    await page.getByText('was saved.').first().waitFor();
    await drawer(page).getByRole('link', { name: 'History' }).click();
    await drawer(page).getByText('by key:writer on').waitFor();
  });
});

test('an import with a key that may not write stops with the reason', limit, async () => {
  await signedIn('/console/import', keys.reader, async (page) => {
    const file = { name: 'x.csv', mimeType: '', buffer: Buffer.from('email,first_name,last_name\nx@example.com,X,Y\n') };
    await page.getByLabel('File of users').setInputFiles(file);
    await page.getByRole('alert').getByText('scope users:write').waitFor();
  });
});

test('a key is made, shown once, used and revoked', limit, async () => {
  const expected = new RegExp(`${refused.source}|^the layout jumped by \\S+ <tr`); // it makes room among the others for the new one
  await signedIn('/console/keys', keys.root, async (page) => {
    await button(page, 'New key').click();
    await button(box(page), 'Make key').click();
    await errorAt(box(page), 'Name', /needs a name/);
    await box(page).getByLabel('Name', { exact: true }).fill('root');
    await button(box(page), 'Make key').click();
    await box(page).getByText(/There is a key of this name/).waitFor();
    await box(page).getByLabel('Name', { exact: true }).fill('billing');
    await box(page).getByLabel('users:read').uncheck();
    await button(box(page), 'Make key').click();
    await box(page).locator('#scopes-note').filter({ hasText: /\w/ }).waitFor();
    await box(page).getByLabel('users:read').check();
    await box(page).getByLabel('changes:read').check();
    await button(box(page), 'Make key').click();
    const made = await box(page).getByLabel('The key', { exact: true }).innerText();
    await callClosed('GET', '/users', undefined, made);
    await button(box(page), 'Done').click();
    const row = rowOf(page, 'billing');
    assert.match(await row.innerText(), /users:read\s*changes:read/);
    assert.equal((await page.locator('body').innerText()).includes(made), false);
    await button(row, 'Revoke billing').click();
    await button(box(page), 'Revoke key').click();
    await row.getByText('Revoked', { exact: true }).waitFor();
    await assert.rejects(callClosed('GET', '/users', undefined, made), /401/);
  }, expected);
});

// The last one here: it closes the service.
test('the first key closes an open service, and the console goes on with it', limit, async () => {
  const prepare = (page) => hold(page, '/keys');
  await visit(browser, open.url, '/console/keys', { prepare, expected: refused }, async (page, keys) => {
    await keys.held;
    assert.equal(await button(page, 'New key').isDisabled(), true, 'whether it is the first is not known yet');
    keys.release();
    await button(page, 'New key').click();
    await box(page).getByText('This is the first key. It closes the service').waitFor();
    await box(page).getByLabel('Name', { exact: true }).fill('first');
    // It is made, whoever looks away: nothing but Done puts it away.
    const creation = await hold(page, '/keys', 'requests');
    await button(box(page), 'Make key').click();
    await creation.held;
    await button(box(page), 'Cancel').click();
    await page.getByRole('link', { name: 'Users', exact: true }).click();
    creation.release();
    await box(page).getByText('This console goes on with the new key').waitFor();
    await page.mouse.click(5, 450);
    await page.keyboard.press('Escape');
    await page.evaluate(() => history.back());
    const key = await box(page).getByLabel('The key', { exact: true }).innerText();
    await assert.rejects(call(open.url, 'GET', '/users'), /401/);
    await call(open.url, 'POST', '/users', person(), key); // which the console is told of
    await button(box(page), 'Done').click();
    await page.getByRole('link', { name: 'API keys', exact: true }).click();
    await rowOf(page, 'first').getByText('admin', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Users', exact: true }).click();
    await names(page).first().waitFor();
    await live(page);
    await button(page, 'Sign out').waitFor();
  });
});

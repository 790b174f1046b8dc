// What was typed into the console: nothing else that happens meanwhile takes it away.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { box, button, drawer, hold, limit, person, suite } from './browser/console.mjs';

const { visit, call } = suite();

const create = (more) => call('POST', '/users', person(more));
const addressOf = (user) => `/console/users/${user.id}`;
const tab = (page, name) => drawer(page).getByRole('link', { name, exact: true });
const conflict = (page) => page.getByRole('dialog', { name: 'Somebody else changed this user' });

test('what was typed is kept while another tab is looked at', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await page.getByLabel('First name').fill('Typed');
    await tab(page, 'History').click();
    await page.getByRole('region', { name: 'History' }).waitFor();
    assert.equal(await page.getByLabel('First name').isVisible(), false);
    await page.keyboard.press('Escape');
    await button(box(page), 'Cancel').click();
    await tab(page, 'Details').click();
    assert.equal(await page.getByLabel('First name').inputValue(), 'Typed');
    await button(drawer(page), 'Save').click();
    await drawer(page).getByRole('heading', { name: `Typed ${user.last_name}` }).waitFor();
  });
});

test('a conflict is shown whichever tab is looked at', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await page.getByLabel('First name').fill('Mine');
    const update = await hold(page, 'mutation UpdateUser', 'requests');
    await button(drawer(page), 'Save').click();
    await update.held;
    await tab(page, 'History').click();
    await page.getByRole('region', { name: 'History' }).waitFor();
    await call('PATCH', `/users/${user.id}`, { first_name: 'Theirs' });
    update.release();
    await button(conflict(page), 'Keep mine').click();
    await drawer(page).getByRole('heading', { name: `Mine ${user.last_name}` }).waitFor();
  });
});

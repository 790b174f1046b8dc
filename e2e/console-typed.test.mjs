// What was typed into the console: nothing else that happens meanwhile takes it away.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { box, button, drawer, fillIn, hold, limit, person, suite } from './browser/console.mjs';

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

test('a user that is created after its form was left leaves the page where it is', limit, async () => {
  await visit('/console', {}, async (page) => {
    const creation = await hold(page, 'mutation CreateUser');
    await page.getByRole('link', { name: 'New user' }).click();
    await fillIn(page, person());
    await button(drawer(page), 'Create user').click();
    await creation.held;
    await button(drawer(page), 'Close').click();
    await button(box(page), 'Discard').click();
    await drawer(page).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'New user' }).click();
    await page.getByLabel('First name').fill('Another');
    creation.release();
    await page.getByText('was created.').first().waitFor();
    assert.equal(await page.getByLabel('First name').inputValue(), 'Another');
    assert.equal(new URL(page.url()).pathname, '/console/users/new');
  });
});

test('a user that is deleted after it was left leaves the page where it is', limit, async () => {
  const [doomed, other] = [await create({ first_name: 'Doomed' }), await create({ first_name: 'Other' })];
  await visit('/console', {}, async (page) => {
    const deletion = await hold(page, 'mutation DeleteUser', 'requests');
    await page.getByRole('link', { name: `Doomed ${doomed.last_name}` }).click();
    await button(drawer(page), 'Delete…').click();
    await button(box(page), 'Delete user').click();
    await deletion.held;
    await button(box(page), 'Cancel').click();
    await button(drawer(page), 'Close').click();
    await drawer(page).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: `Other ${other.last_name}` }).click();
    await page.getByLabel('First name').fill('Typed');
    deletion.release();
    await page.getByText(`Doomed ${doomed.last_name} was deleted.`).first().waitFor();
    await button(drawer(page), 'Save').click();
    await drawer(page).getByRole('heading', { name: `Typed ${other.last_name}` }).waitFor();
  });
});

test('a double click on keep mine saves once', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await conflicting(page, user, { mine: 'Mine', theirs: 'Theirs' });
    let updates = 0;
    page.on('request', (one) => one.postData()?.includes('mutation UpdateUser') && updates++);
    const update = await hold(page, 'mutation UpdateUser', 'requests');
    await button(conflict(page), 'Keep mine').dblclick();
    await update.held;
    assert.equal(await button(conflict(page), 'Keep mine').getAttribute('aria-disabled'), 'true');
    update.release();
    await page.getByText('was saved.').first().waitFor();
    await conflict(page).waitFor({ state: 'detached' });
    assert.equal(updates, 1);
  });
  assert.equal((await call('GET', `/users/${user.id}`)).version, 3);
});

test('what somebody else saved just the same is no conflict', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await conflicting(page, user, { mine: 'Same', theirs: 'Same' });
    await page.getByText('Somebody else saved the same meanwhile.').first().waitFor();
    assert.equal(await conflict(page).count(), 0);
    await page.keyboard.press('Escape');
    await drawer(page).waitFor({ state: 'detached' });
  });
});

// Saves a first name that somebody else changes while it is on its way.
async function conflicting(page, user, { mine, theirs }) {
  await page.getByLabel('First name').fill(mine);
  const update = await hold(page, 'mutation UpdateUser', 'requests');
  await button(drawer(page), 'Save').click();
  await update.held;
  await call('PATCH', `/users/${user.id}`, { first_name: theirs });
  update.release();
}

test('Escape closes nothing unasked, however often it is pressed', limit, async () => {
  await visit('/console', {}, async (page) => {
    await page.getByRole('link', { name: 'New user' }).click();
    await page.getByLabel('First name').click();
    await page.keyboard.type('Ada');
    for (let i = 0; i < 7; i++) {
      await page.keyboard.press('Escape');
      await drawer(page).waitFor(); // where the browser closed it, it comes back
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
    }
    if (await box(page).count()) await button(box(page), 'Cancel').click();
    assert.equal(await page.getByLabel('First name').inputValue(), 'Ada');
    await page.keyboard.press('Escape');
    await button(box(page), 'Discard').click();
    await drawer(page).waitFor({ state: 'detached' });
  });
});

test('going back and leaving the page ask first', limit, async () => {
  const user = await create();
  await visit('/console', {}, async (page) => {
    await page.getByRole('link', { name: `Person ${user.last_name}`, exact: true }).click();
    await page.getByLabel('First name').click();
    await page.keyboard.type('Typed');
    const typed = await page.getByLabel('First name').inputValue();
    for (let i = 0; i < 2; i++) {
      await page.evaluate(() => history.back());
      await button(box(page), 'Cancel').click();
      assert.equal(await page.getByLabel('First name').inputValue(), typed);
      assert.equal(new URL(page.url()).pathname, addressOf(user));
    }
    const question = page.waitForEvent('dialog');
    await page.evaluate(() => setTimeout(() => location.reload()));
    assert.equal((await question).type(), 'beforeunload');
    await (await question).dismiss();
    assert.equal(await page.getByLabel('First name').inputValue(), typed);
    await page.evaluate(() => history.back());
    await button(box(page), 'Discard').click();
    await drawer(page).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).pathname, '/console');
    await page.reload();
    await page.getByRole('link', { name: 'New user' }).waitFor();
  });
});

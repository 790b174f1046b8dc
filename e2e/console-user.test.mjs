// One user in the console: create, edit, deactivate, delete, password, history.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { box, button, drawer, errorAt, hold, limit, listed, live, names, person, rowOf, shown, suite } from './browser/console.mjs';

const { visit, call } = suite();

const create = (more) => call('POST', '/users', person(more));
const addressOf = (user) => `/console/users/${user.id}`;

test('a user is created, after what is wrong is said at its field', limit, async () => {
  const taken = await create();
  await visit('/console', {}, async (page) => {
    await page.getByRole('link', { name: 'New user' }).click();
    await button(drawer(page), 'Create user').click();
    await errorAt(page, 'E-mail address', /is needed/);
    await errorAt(page, 'First name', /is needed/);
    await errorAt(page, 'Password', /is needed/);
    assert.equal(await page.evaluate(() => document.activeElement.name), 'email', 'the first wrong field has the focus');
    await page.getByLabel('E-mail address', { exact: true }).fill(taken.email.toUpperCase());
    await page.getByLabel('First name').fill('Ada');
    await page.getByLabel('Last name').fill('Lovelace');
    await page.getByLabel('Password', { exact: true }).fill('password');
    await button(drawer(page), 'Create user').click();
    await errorAt(page, 'Password', /commonest/);
    await page.getByLabel('Password', { exact: true }).fill('notes on the engine');
    await button(drawer(page), 'Create user').click();
    await errorAt(page, 'E-mail address', /Another user has/);
    await page.getByLabel('E-mail address', { exact: true }).fill('ada@example.com');
    await button(drawer(page), 'Create user').click();
    await page.getByRole('status').getByText('Ada Lovelace was created.').first().waitFor();
    await drawer(page).getByRole('heading', { name: 'Ada Lovelace' }).waitFor();
    await button(drawer(page), 'Close').click();
    await drawer(page).waitFor({ state: 'detached' });
    await names(page).first().getByText('Ada Lovelace', { exact: true }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/console');
  });
  const [ada] = await call('GET', '/users?email=ada@example.com');
  assert.deepEqual([ada.first_name, ada.last_name, ada.is_active], ['Ada', 'Lovelace', true]);
});

test('what was typed is not lost without a question', limit, async () => {
  await visit('/console/users/new', {}, async (page) => {
    await page.getByLabel('First name').fill('Ada');
    await page.keyboard.press('Escape');
    await button(box(page), 'Cancel').click();
    assert.equal(await page.getByLabel('First name').inputValue(), 'Ada');
    await page.keyboard.press('Escape');
    await button(box(page), 'Discard').click();
    await drawer(page).waitFor({ state: 'detached' });
  });
});

test('a user is edited, and only what was edited is sent', limit, async () => {
  const user = await create();
  await visit('/console', {}, async (page) => {
    await page.getByRole('link', { name: `Person ${user.last_name}` }).click();
    await page.getByLabel('Last name').fill('Changed');
    const sent = page.waitForRequest((one) => one.postData()?.includes('mutation UpdateUser'));
    await button(drawer(page), 'Save').click();
    assert.deepEqual((await sent).postDataJSON().variables.input, { id: user.id, expectedVersion: 1, lastName: 'Changed' });
    await drawer(page).getByRole('heading', { name: 'Person Changed' }).waitFor();
    await page.getByText('was saved.').first().waitFor();
    await page.goBack();
    await drawer(page).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Person Changed' }).waitFor();
  });
  assert.equal((await call('GET', `/users/${user.id}`)).version, 2);
});

test('what was saved is not asked about, though the feed tells of it before the answer does', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await live(page);
    const { release } = await hold(page, 'mutation UpdateUser');
    await page.getByLabel('First name').fill('Saved');
    await page.keyboard.press('Enter');
    await drawer(page).getByRole('heading', { name: `Saved ${user.last_name}` }).waitFor();
    assert.equal(await page.getByText('Somebody changed this user').count(), 0);
    await page.getByLabel('Last name').fill('Typed meanwhile');
    release();
    await page.getByText('was saved.').first().waitFor();
    assert.equal(await page.getByLabel('Last name').inputValue(), 'Typed meanwhile');
    await page.getByLabel('Last name').fill(user.last_name);
    await page.keyboard.press('Escape');
    await drawer(page).waitFor({ state: 'detached' });
  });
});

// Both pages read version 1; the second to save is shown what the first did.
for (const [choice, kept, version] of [['Keep mine', 'Mine', 3], ['Take theirs', 'Theirs', 2]]) {
  test(`two editors: ${choice.toLowerCase()}`, limit, async () => {
    const user = await create();
    await visit(addressOf(user), {}, async (mine) => {
      await mine.getByLabel('First name').fill('Mine');
      await visit(addressOf(user), {}, async (theirs) => {
        await theirs.getByLabel('First name').fill('Theirs');
        await theirs.getByLabel('E-mail address', { exact: true }).fill(`theirs-${user.email}`);
        await button(drawer(theirs), 'Save').click();
        await theirs.getByText('was saved.').first().waitFor();
      });
      await mine.getByText('Somebody changed this user meanwhile.').waitFor();
      await button(drawer(mine), 'Save').click();
      const conflict = mine.getByRole('dialog', { name: 'Somebody else changed this user' });
      await conflict.waitFor();
      assert.deepEqual(await conflict.getByRole('row').allInnerTexts(), [
        'Field\tYours\tTheirs',
        `E-mail address\t${user.email}\ttheirs-${user.email}`,
        'First name\tMine\tTheirs',
      ]);
      await button(conflict, choice).click();
      await conflict.waitFor({ state: 'detached' });
      await drawer(mine).getByRole('heading', { name: `${kept} ${user.last_name}` }).waitFor();
      assert.equal(await mine.getByLabel('First name').inputValue(), kept);
      assert.equal(await mine.getByLabel('E-mail address', { exact: true }).inputValue(), `theirs-${user.email}`);
    });
    const now = await call('GET', `/users/${user.id}`);
    assert.deepEqual([now.first_name, now.email, now.version], [kept, `theirs-${user.email}`, version]);
  });
}

test('a user is deactivated and activated again', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await button(drawer(page), 'Deactivate').click();
    await button(drawer(page), 'Activate').waitFor();
    await drawer(page).getByText('Inactive', { exact: true }).waitFor();
    assert.equal((await call('GET', `/users/${user.id}`)).is_active, false);
    await button(drawer(page), 'Activate').click();
    await button(drawer(page), 'Deactivate').waitFor();
    assert.equal((await call('GET', `/users/${user.id}`)).is_active, true);
  });
});

test('a user is deleted once that is confirmed', limit, async () => {
  const user = await create({ first_name: 'Doomed' });
  await visit('/console', {}, async (page) => {
    await page.getByRole('link', { name: `Doomed ${user.last_name}` }).click();
    await button(drawer(page), 'Delete…').click();
    assert.match(await box(page).innerText(), new RegExp(user.email));
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel', 'Enter alone deletes nobody');
    await page.keyboard.press('Enter');
    await box(page).waitFor({ state: 'detached' });
    assert.equal((await call('GET', `/users/${user.id}`)).version, 1);
    await button(drawer(page), 'Delete…').click();
    await button(box(page), 'Delete user').click();
    await drawer(page).waitFor({ state: 'detached' });
    await page.getByText(`Doomed ${user.last_name} was deleted.`).waitFor();
    await rowOf(page, 'Doomed').getByText('Deleted', { exact: true }).waitFor();
  });
  await assert.rejects(call('GET', `/users/${user.id}`), /404/);
});

test('somebody else deletes the user that is looked at', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await page.getByText('Live', { exact: true }).waitFor({ state: 'attached' });
    await page.getByLabel('First name').waitFor();
    await call('DELETE', `/users/${user.id}`);
    await drawer(page).getByText('This user was deleted.').waitFor();
  });
});

test('a password is set, and a bad one is refused at its field', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await button(drawer(page), 'Set password…').click();
    const field = box(page).getByLabel(`New password of Person ${user.last_name}`, { exact: true });
    await field.fill(user.email);
    await button(box(page), 'Set password').click();
    await box(page).getByText('must not be the e-mail address').waitFor();
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.equal(await field.getAttribute('type'), 'password');
    await field.fill('a far better password');
    await button(box(page), 'Set password').click();
    await box(page).waitFor({ state: 'detached' });
    await page.getByText('has a new password.').first().waitFor();
  });
  const changes = await call('GET', `/changes?user_id=${user.id}`);
  assert.deepEqual(changes.map(({ kind }) => kind), ['created', 'password_changed']);
});

test('the history says who did what', limit, async () => {
  const user = await create({ first_name: 'Ada' });
  await call('PATCH', `/users/${user.id}`, { first_name: 'Augusta' });
  await visit(`${addressOf(user)}?tab=history`, {}, async (page) => {
    const entries = page.getByRole('region', { name: 'History' }).getByRole('listitem');
    await entries.nth(1).waitFor();
    assert.match(await entries.nth(0).innerText(), /Created\s+by anonymous on .*\d{4}[^]*First name\s+Ada/);
    assert.match(await entries.nth(1).innerText(), /Changed\s+by anonymous on [^]*First name\s+Ada\s*→\s*Augusta[^]*Version 2/);
    assert.doesNotMatch(await page.locator('.history').innerText(), /a long enough secret/);
    // What happens while it is looked at is added.
    await page.getByText('Live', { exact: true }).waitFor({ state: 'attached' });
    await call('PUT', `/users/${user.id}/email`, { email: `augusta-${user.email}` });
    await entries.nth(2).waitFor();
    assert.match(await entries.nth(2).innerText(), /E-mail address changed/);
  });
});

test('the history shows what happens while it is read', limit, async () => {
  const user = await create();
  await visit(addressOf(user), {}, async (page) => {
    await live(page);
    const reading = await hold(page, 'query GetHistory');
    await drawer(page).getByRole('link', { name: 'History' }).click();
    await reading.held;
    await call('PATCH', `/users/${user.id}`, { first_name: 'Meanwhile' });
    await drawer(page).getByRole('heading', { name: `Meanwhile ${user.last_name}` }).waitFor();
    reading.release();
    const entries = page.getByRole('region', { name: 'History' }).getByRole('listitem');
    await entries.nth(1).waitFor();
    assert.match(await entries.nth(1).innerText(), /Person\s*→\s*Meanwhile/);
    assert.equal(await entries.count(), 2);
  });
});

test('a long history is read page by page', limit, async () => {
  const user = await create();
  for (let i = 0; i < 60; i++) await call('PATCH', `/users/${user.id}`, { first_name: `Name${i}` });
  await visit(`${addressOf(user)}?tab=history`, {}, async (page) => {
    const entries = page.getByRole('region', { name: 'History' }).getByRole('listitem');
    await entries.nth(49).waitFor();
    assert.equal(await entries.count(), 50);
    await button(drawer(page), 'Show more').click();
    await entries.nth(60).waitFor();
    assert.equal(await button(drawer(page), 'Show more').count(), 0);
  });
});

test('a user has an address, which back and forward know', limit, async () => {
  const user = await create();
  await visit('/console?sort=-created_at', {}, async (page) => {
    await page.getByRole('link', { name: `Person ${user.last_name}`, exact: true }).click();
    await drawer(page).getByRole('link', { name: 'History' }).click();
    assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, `${addressOf(user)}?tab=history`);
    await page.goBack();
    await drawer(page).waitFor({ state: 'detached' });
    await page.goForward();
    await page.getByRole('region', { name: 'History' }).waitFor();
    await page.reload();
    await page.getByRole('region', { name: 'History' }).waitFor();
    await button(drawer(page), 'Close').click();
    await drawer(page).waitFor({ state: 'detached' });
    await names(page).first().waitFor();
    await listed(page, await shown(page));
  });
});

test('an address of nobody says so', limit, async () => {
  await visit('/console/users/01a2065e-87dc-7535-81d0-459da4d6e2e2', {}, async (page) => {
    await drawer(page).getByText('No user has this id.').waitFor();
  });
});

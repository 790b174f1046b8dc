// Where a user is signed in, in the console: seeing it, ending it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { box, button, drawer, limit, password, person, suite } from './browser/console.mjs';

const { visit, call } = suite();

const items = (page) => page.getByRole('region', { name: 'Sessions' }).getByRole('listitem');
const item = (page, label) => items(page).filter({ has: page.getByRole('heading', { name: label, exact: true }) });
const addressOf = (user) => `/console/users/${user.id}?tab=sessions`;
const refresh = ({ refresh_token }) => call('POST', '/sessions/refresh', { refresh_token });
const focused = (page) => page.evaluate(() => document.activeElement.textContent);

// signedIn is a new user with a session for each label, and what each is used with.
async function signedIn(...labels) {
  const user = await call('POST', '/users', person());
  const grants = [];
  for (const label of labels) grants.push(await call('POST', '/sessions', { email: user.email, password, label }));
  return { user, grants };
}

test('each session is listed, the oldest first', limit, async () => {
  const { user, grants } = await signedIn('Firefox on Linux', '');
  await visit(`/console/users/${user.id}`, {}, async (page) => {
    await drawer(page).getByRole('link', { name: 'Sessions' }).click();
    await drawer(page).getByText('2 sessions', { exact: true }).waitFor();
    const labels = await items(page).getByRole('heading').allInnerTexts();
    assert.deepEqual(labels, ['Firefox on Linux', 'Session without a label']);
    for (const [i, { session }] of grants.entries()) {
      assert.deepEqual(await items(page).nth(i).locator('dt').allInnerTexts(), ['Signed in', 'Last refreshed', 'Expires']);
      const times = await items(page).nth(i).locator('time').evaluateAll((all) => all.map((one) => Date.parse(one.dateTime)));
      assert.deepEqual(times, [session.created_at, session.refreshed_at, session.expires_at].map(Date.parse));
    }
    assert.equal(await drawer(page).getByText('Current', { exact: true }).count(), 0, 'no session is this page’s own');
    assert.equal((await drawer(page).innerText()).includes('userd_refresh_'), false);
  });
});

test('one session is ended once that is confirmed, and the other goes on', limit, async () => {
  const { user, grants: [laptop, phone] } = await signedIn('Laptop', 'Phone');
  await visit(addressOf(user), {}, async (page) => {
    await button(item(page, 'Phone'), 'End… Phone').click();
    await box(page).getByRole('heading', { name: 'End Phone?' }).waitFor();
    assert.equal(await focused(page), 'Cancel', 'Enter alone ends nothing');
    await page.keyboard.press('Enter');
    await box(page).waitFor({ state: 'detached' });
    assert.equal((await call('GET', `/users/${user.id}/sessions`)).length, 2);
    await button(item(page, 'Phone'), 'End… Phone').click();
    await button(box(page), 'End session').click();
    await page.getByRole('status').getByText('Phone was ended.').first().waitFor();
    await button(item(page, 'Phone'), 'Ended Phone').waitFor();
    await drawer(page).getByText('1 session', { exact: true }).waitFor();
    assert.deepEqual(await items(page).getByRole('heading').allInnerTexts(), ['Laptop', 'Phone'], 'nothing has moved');
  });
  await assert.rejects(refresh(phone), /401/);
  await refresh(laptop);
});

test('all sessions are ended, also one that began meanwhile', limit, async () => {
  const { user, grants } = await signedIn('Laptop', 'Phone');
  await visit(addressOf(user), {}, async (page) => {
    await items(page).nth(1).waitFor();
    grants.push(await call('POST', '/sessions', { email: user.email, password, label: 'Tablet' }));
    await button(drawer(page), 'End all…').click();
    assert.equal(await focused(page), 'Cancel');
    await button(box(page), 'End all sessions').click();
    await page.getByRole('status').getByText('is signed out everywhere.').first().waitFor();
    await drawer(page).getByText('The user is not signed in anywhere.').waitFor();
    for (const label of ['Laptop', 'Phone']) await button(item(page, label), `Ended ${label}`).waitFor();
    assert.equal(await button(drawer(page), 'End all…').getAttribute('aria-disabled'), 'true');
  });
  for (const grant of grants) await assert.rejects(refresh(grant), /401/);
});

test('a session that has ended elsewhere cannot be ended again, and a sentence says so', limit, async () => {
  const { user, grants: [{ session }] } = await signedIn('Laptop');
  await visit(addressOf(user), {}, async (page) => {
    await items(page).first().waitFor();
    await call('DELETE', `/users/${user.id}/sessions/${session.id}`);
    await button(item(page, 'Laptop'), 'End… Laptop').click();
    await button(box(page), 'End session').click();
    await box(page).getByRole('alert').getByText('The user has no session with this id, or no longer.').waitFor();
    await button(box(page), 'Cancel').click();
    await button(item(page, 'Laptop'), 'Ended Laptop').waitFor();
  });
});

test('a deactivated user’s sessions are seen to have ended', limit, async () => {
  const { user } = await signedIn('Laptop');
  await visit(addressOf(user), {}, async (page) => {
    await button(item(page, 'Laptop'), 'End… Laptop').waitFor();
    await page.getByText('Live', { exact: true }).waitFor({ state: 'attached' });
    await call('PATCH', `/users/${user.id}`, { is_active: false });
    await button(item(page, 'Laptop'), 'Ended Laptop').waitFor();
  });
});

test('a keyboard is enough, and the focus stays where it was', limit, async () => {
  const { user, grants: [laptop, phone] } = await signedIn('Laptop', 'Phone');
  await visit(addressOf(user), {}, async (page) => {
    await items(page).nth(1).waitFor();
    await drawer(page).getByRole('link', { name: 'Sessions' }).focus();
    const visited = [];
    for (let i = 0; i < 2; i++) {
      await page.keyboard.press('Tab');
      visited.push(await focused(page));
    }
    assert.deepEqual(visited, ['End all…', 'End… Laptop']);
    await page.keyboard.press('Enter');
    await box(page).waitFor();
    await page.keyboard.press('Escape');
    await box(page).waitFor({ state: 'detached' });
    assert.equal(await focused(page), 'End… Laptop');
    await page.keyboard.press('Space');
    await box(page).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'End session');
    await page.keyboard.press('Enter');
    await button(item(page, 'Laptop'), 'Ended Laptop').waitFor();
    assert.equal(await focused(page), 'Ended Laptop');
    await page.keyboard.press('Enter');
    assert.equal(await box(page).count(), 0, 'what has ended is not asked about again');
  });
  await assert.rejects(refresh(laptop), /401/);
  await refresh(phone);
});

test('sessions that cannot be read are asked for again on demand', limit, async () => {
  const { user } = await signedIn('Laptop');
  await visit(addressOf(user), { expected: /net::ERR_FAILED/ }, async (page) => {
    await items(page).first().waitFor();
    const asks = (request) => request.postData()?.includes('query ListSessions');
    await page.route('**/graphql', (route) => (asks(route.request()) ? route.abort() : route.fallback()));
    await drawer(page).getByRole('link', { name: 'Details' }).click();
    await drawer(page).getByRole('link', { name: 'Sessions' }).click();
    await drawer(page).getByRole('alert').getByText('The service does not answer.').waitFor();
    await page.unroute('**/graphql');
    await button(drawer(page), 'Try again').click();
    await item(page, 'Laptop').waitFor();
    assert.equal(await button(drawer(page), 'Try again').count(), 0);
  });
});

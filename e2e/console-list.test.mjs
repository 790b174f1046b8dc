// The console's list: pages, search, filters and order, all of them in the URL.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { limit, listed, names, shown, suite, users } from './browser/console.mjs';

const { visit, call } = suite({ flags: ['--rate-limit-writes=0'] }); // more users than are allowed at once

const page500 = (from, to) => Array.from({ length: Math.abs(from - to) + 1 }, (_, i) => `many ${String(from > to ? from - i : from + i).padStart(6, '0')}`);

test('the list says how to begin where there is nobody', limit, async () => {
  await visit('/console', {}, async (page) => {
    await page.getByRole('heading', { name: 'There are no users yet' }).waitFor();
    await page.getByText('0 in all').waitFor();
    await page.getByRole('link', { name: 'Create the first one' }).click();
    await page.getByRole('dialog', { name: 'New user' }).waitFor();
  });
});

test('500 users are ten pages, forward and back', limit, async () => {
  await users(call, 500, 'many');
  await visit('/console', {}, async (page) => {
    const pages = [];
    for (let last = 499; last > 0; last -= 50) pages.push(page500(last, last - 49));
    await page.getByText('500 in all').waitFor();
    await listed(page, pages[0]);
    for (const expected of pages.slice(1)) {
      await page.getByRole('link', { name: 'Next' }).click();
      await listed(page, expected);
    }
    assert.equal(await page.getByRole('link', { name: 'Next' }).getAttribute('aria-disabled'), 'true');
    await page.reload();
    await listed(page, pages[9]); // a page has an address of its own
    await page.getByRole('link', { name: 'Previous' }).click();
    await listed(page, pages[8]);
    await page.goBack();
    await listed(page, pages[9]);
    await page.getByRole('link', { name: 'First' }).click();
    await listed(page, pages[0]);
    assert.equal(new URL(page.url()).search, '');
    assert.equal(await page.getByRole('link', { name: 'Previous' }).getAttribute('aria-disabled'), 'true');
  });
});

test('a page costs cursors, not offsets, and the count is asked for once', limit, async () => {
  await visit('/console', {}, async (page) => {
    await listed(page, page500(499, 450));
    await page.getByText('500 in all').waitFor();
    const asked = [];
    page.on('request', (request) => request.url().endsWith('/graphql') && asked.push(request.postDataJSON()));
    for (let i = 0; i < 3; i++) {
      const before = await shown(page);
      await page.getByRole('link', { name: 'Next' }).click();
      await page.waitForFunction((first) => document.querySelector('tbody a.name')?.textContent !== first, before[0]);
    }
    assert.equal(asked.length, 3, JSON.stringify(asked));
    for (const { variables } of asked) {
      assert.equal(variables.first, 50);
      assert.equal(typeof variables.after, 'string');
    }
  });
});

test('a search is in the URL, and one step back', limit, async () => {
  await visit('/console', {}, async (page) => {
    await listed(page, page500(499, 450));
    const search = page.getByRole('searchbox');
    await search.pressSequentially('many49');
    await listed(page, [...page500(499, 490), 'many 000049']);
    await page.getByText('11 found').waitFor();
    assert.equal(new URL(page.url()).search, '?q=many49');
    await search.press('Backspace');
    await search.press('Backspace');
    await search.pressSequentially('7@');
    await listed(page, ['many 000007']);
    await page.goBack();
    await listed(page, page500(499, 450));
    assert.equal(await search.inputValue(), '');
    await page.goForward();
    await listed(page, ['many 000007']);
    assert.equal(await search.inputValue(), 'many7@');
    await page.reload();
    await listed(page, ['many 000007']);
  });
});

test('a letter that is typed as the search goes off stays', limit, async () => {
  await visit('/console', {}, async (page) => {
    await listed(page, page500(499, 450));
    // The letter comes right after the address has changed, before the page is painted.
    await page.evaluate(() => {
      const push = history.pushState.bind(history);
      history.pushState = (...entry) => {
        push(...entry);
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => document.execCommand('insertText', false, '7');
        port2.postMessage(null);
      };
    });
    const search = page.getByRole('searchbox');
    await search.pressSequentially('many49');
    await listed(page, ['many 000497']);
    assert.equal(await search.inputValue(), 'many497');
  });
});

test('a search that finds nobody says how it searches', limit, async () => {
  await visit('/console?q=nobody+at+all', {}, async (page) => {
    await page.getByRole('heading', { name: 'No user matches' }).waitFor();
    assert.match(await page.locator('.nobody').innerText(), /how first names, last names and e-mail addresses begin/);
  });
});

test('filter and order are in the URL', limit, async () => {
  const zed = await call('POST', '/users', { email: 'zed@example.com', first_name: 'Zed', last_name: 'Zulu', password: 'a long enough secret', is_active: false });
  await visit('/console', {}, async (page) => {
    await page.getByLabel('Show').selectOption('inactive');
    await listed(page, ['Zed Zulu']);
    await page.getByText('1 found').waitFor();
    await page.getByLabel('Show').selectOption('active');
    await listed(page, page500(499, 450));
    await page.getByLabel('Order').selectOption('Oldest first');
    await listed(page, page500(0, 49));
    assert.equal(new URL(page.url()).search, '?active=true&sort=created_at');
    await page.getByLabel('Show').selectOption('all');
    await page.getByLabel('Order').selectOption('Last name, Z to A');
    await listed(page, ['Zed Zulu', ...page500(499, 451)]);
    await page.goBack();
    await listed(page, page500(0, 49));
  });
  await call('DELETE', `/users/${zed.id}`);
});

test('an address that leads to no page says so and leads on', limit, async () => {
  await visit('/console?after=nonsense', {}, async (page) => {
    await page.getByRole('alert').filter({ hasText: 'cursor' }).waitFor();
    await page.getByRole('link', { name: 'Go to the first page' }).click();
    await names(page).first().waitFor();
  });
});

// The cost is told by requests and bytes, which do not depend on how busy the machine is.
test('100 000 users page as 500 do', limit, async () => {
  const few = await costOfPaging();
  await users(call, 100_000, 'more');
  const many = await costOfPaging();
  assert.equal(many.requests, few.requests);
  assert.ok(many.bytes < few.bytes * 1.05, `${many.bytes} bytes for pages of 100 500 users, ${few.bytes} for pages of 500`);
  assert.equal(many.rows, few.rows);
});

async function costOfPaging() {
  const cost = { requests: 0, bytes: 0, rows: 0 };
  await visit('/console?sort=email', {}, async (page) => {
    await names(page).first().waitFor();
    await page.locator('.count').filter({ hasText: 'in all' }).waitFor();
    for (let i = 0; i < 5; i++) {
      const first = await names(page).first().innerText();
      const answered = page.waitForResponse('**/graphql');
      await page.getByRole('link', { name: 'Next' }).click();
      const answer = await answered;
      await page.waitForFunction((old) => document.querySelector('tbody a.name')?.textContent !== old, first);
      cost.requests++;
      cost.bytes += (await answer.body()).length;
      cost.rows += await page.locator('tbody tr').count();
    }
  });
  return cost;
}

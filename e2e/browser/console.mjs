// The console in a real browser, against the real service: what its tests share.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import * as chromium from './chromium.mjs';
import * as userd from './service.mjs';

export const limit = { timeout: 120_000 };

// Chromium says on the console that a request was refused, which is what these tests provoke.
export const refused = /the server responded with a status of 4\d\d/;

// suite starts a service with these flags, and a browser, for the tests of a file; prepare makes what all of them need.
export function suite({ flags = [], prepare } = {}) {
  const shared = {};
  before(async () => {
    shared.service = await userd.start(...flags);
    shared.browser = await chromium.launch();
    await prepare?.();
  }, { timeout: 6 * 60_000 });
  after(async () => {
    await shared.browser?.close();
    await shared.service?.stop();
  }, limit);
  return {
    visit: (path, options, body) => visit(shared.browser, shared.service.url, path, options, body),
    call: (method, path, body) => call(shared.service.url, method, path, body),
  };
}

// visit opens a path of the console, and holds it to more than other pages: it keeps nothing in the browser, and nothing in
// it jumps.
export function visit(browser, base, path, options, body) {
  return chromium.visit(browser, base, path, { init: watchShifts, ...options }, async (page, prepared) => {
    await body(page, prepared);
    assert.deepEqual(await page.evaluate(keptInBrowser), { local: 0, session: 0, cookie: '' });
    assert.deepEqual(await page.context().cookies(), []);
  });
}

// Runs in the page. Shifts that follow a click or key at once are expected by whoever clicked. Less than a thousandth is a
// sentence of two lines at a field, say, to a click that was answered late; to the eye it is nothing (CLS, of which 0.1 is good).
function watchShifts() {
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput || value < 0.001) continue;
      const moved = sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? node?.nodeValue);
      console.error(`the layout jumped by ${value}: ${moved.join(' | ')}`);
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

function keptInBrowser() {
  return { local: localStorage.length, session: sessionStorage.length, cookie: document.cookie };
}

// call sends a request as another program would, and fails unless it is answered well.
export async function call(base, method, path, body, key) {
  const headers = { ...(body && { 'Content-Type': 'application/json' }), ...(key && { Authorization: `Bearer ${key}` }) };
  const response = await fetch(new URL(path, base), { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

// person is a user that no test before has made, with this password.
export const password = 'a long enough secret';
let count = 0;
export function person(more) {
  const n = ++count;
  return { email: `person${n}@example.com`, first_name: 'Person', last_name: `Number${n}`, password, ...more };
}

// users makes many: user 0, user 1 and so on, of which the last is the newest.
export async function users(call, n, name = 'user') {
  for (let from = 0; from < n; from += 1000) {
    const some = Array.from({ length: Math.min(1000, n - from) }, (_, i) => ({
      email: `${name}${from + i}@example.org`,
      first_name: name,
      last_name: String(from + i).padStart(6, '0'),
    }));
    await call('POST', '/users:batch', { users: some });
  }
}

// The parts of the page.
export const names = (page) => page.locator('tbody a.name');
export const rowOf = (page, text) => page.getByRole('row').filter({ hasText: text });
export const shown = (page) => names(page).allInnerTexts();
export const live = (page) => page.getByText('Live', { exact: true }).waitFor();
export const settled = (page) => page.locator('.scroll[aria-busy=false]').waitFor(); // what it lists was read
export const drawer = (page) => page.locator('dialog.drawer');
export const box = (page) => page.locator('dialog.box');
export const button = (place, name) => place.getByRole('button', { name, exact: true });

// fillIn types a new user into the form for one.
export async function fillIn(page, { email, first_name, last_name, password }) {
  await page.getByLabel('E-mail address', { exact: true }).fill(email);
  await page.getByLabel('First name').fill(first_name);
  await page.getByLabel('Last name').fill(last_name);
  await page.getByLabel('Password', { exact: true }).fill(password);
}

// errorAt waits until a field is marked as wrong, and until the sentence beside it fits a pattern.
export async function errorAt(place, label, pattern) {
  const field = place.getByLabel(label, { exact: true });
  await place.locator('[aria-invalid=true]').and(field).waitFor();
  const note = await field.getAttribute('aria-describedby');
  await place.locator(`[id="${note}"]`).filter({ hasText: pattern }).waitFor();
}

// search as the page's own requests show it: resolves once the list that url asks for is there.
export async function listed(page, expected) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await shown(page);
    const busy = await page.locator('.scroll').getAttribute('aria-busy');
    if (busy === 'false' && JSON.stringify(found) === JSON.stringify(expected)) return;
    if (Date.now() > deadline) assert.deepEqual(found, expected);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

// hold keeps the answers to an operation, or to a GET of a path, from the page, or the requests from the service, until
// release; `held` resolves when the first has come as far as it may.
export async function hold(page, asked, what = 'answers') {
  const held = gate();
  const released = gate();
  const path = asked.startsWith('/') ? asked : '/graphql';
  await page.route((url) => url.pathname === path, async (route) => {
    if (path !== asked && !route.request().postData()?.includes(asked)) return route.fallback();
    const response = what === 'answers' ? await route.fetch() : undefined;
    held.open();
    await released.opened;
    await (response ? route.fulfill({ response }) : route.continue());
  });
  return { held: held.opened, release: released.open };
}

function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { opened, open };
}

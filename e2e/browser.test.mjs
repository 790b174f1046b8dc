// The documentation pages in a real browser, against the real service.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as chromium from './browser/chromium.mjs';
import * as userd from './browser/service.mjs';

const limit = { timeout: 120_000 };
const dark = { colorScheme: 'dark' };

let service;
let browser;

before(async () => {
  service = await userd.start();
  browser = await chromium.launch();
}, { timeout: 6 * 60_000 });

after(async () => {
  await browser?.close();
  await service?.stop();
}, limit);

const visit = (path, options, body) => chromium.visit(browser, service.url, path, options, body);

// The controls: what every other case here rules out must be seen when it happens.
test('the watch sees an error on the console', limit, async () => {
  await rejects(/console: deliberate/, {}, (page) => page.evaluate(() => console.error('deliberate')));
});

test('the watch sees an exception', limit, async () => {
  await rejects(/page error: Error: deliberate/, {}, (page) =>
    page.evaluate(() => {
      const thrown = new Promise((resolve) => addEventListener('error', resolve, { once: true }));
      queueMicrotask(() => {
        throw new Error('deliberate');
      });
      return thrown.then(() => {});
    }),
  );
});

test('the watch sees what a policy stops', limit, async () => {
  await rejects(/violates img-src/, {}, (page) => page.evaluate(loadPicture, 'http://outside.invalid/logo.svg'));
});

test('the watch sees a request to another host', limit, async () => {
  const outside = service.url.replace('127.0.0.1', 'localhost') + '/';
  const reported = new RegExp(`outside: \\[[^\\]]*${outside}`);
  await rejects(reported, { bypassCSP: true }, (page) => page.evaluate(loadPicture, outside));
});

test('/ leads to everything', limit, async () => {
  await visit('/', {}, async (page) => {
    assert.equal(await page.locator('h1').innerText(), 'userd');
    const paths = await page.locator('a').evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
    for (const path of ['/playground', '/docs', '/redoc', '/openapi.json', '/graphql', '/users', '/health', '/console']) {
      assert.ok(paths.includes(path), `no link to ${path}`);
    }
    const hrefs = await page.locator('a').evaluateAll((links) => links.map((link) => link.href));
    for (const href of hrefs) {
      const response = await page.request.get(href);
      assert.equal(response.status(), 200, href);
    }
    await chromium.screenshot(page, 'index');
  });
});

test('/playground runs the example query', limit, async () => {
  await visit('/playground', {}, async (page) => {
    const shown = await runQuery(page);
    await chromium.screenshot(page, 'playground-query');
    assert.equal(shown.errors, undefined);
    assert.equal(typeof shown.data.users.totalCount, 'number');
    assert.ok(Array.isArray(shown.data.users.nodes));
  });
});

test('/playground runs a mutation typed into the editor', limit, async () => {
  await visit('/playground', {}, async (page) => {
    await type(page, queryEditor, `mutation CreateUser {
  createUser(
    input: {email: "ada@example.com", firstName: "Ada", lastName: "Lovelace", password: "correct horse battery"}
  ) {
    user { id email }
    errors { code field message }
  }
}`);
    // GraphiQL reads the operation's name a moment after the last key, and puts it on the tab.
    await page.locator('.graphiql-tab').getByText('CreateUser').waitFor();
    const shown = await runQuery(page);
    await chromium.screenshot(page, 'playground-mutation');
    assert.equal(shown.errors, undefined);
    assert.deepEqual(shown.data.createUser.errors, []);
    assert.equal(shown.data.createUser.user.email, 'ada@example.com');
  });
});

test('/playground documents the schema', limit, async () => {
  await visit('/playground', dark, async (page) => {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const explorer = page.locator('.graphiql-doc-explorer');
    await explorer.getByRole('link', { name: 'Query', exact: true }).click();
    await explorer.getByRole('link', { name: 'users', exact: true }).waitFor();
    await chromium.screenshot(page, 'playground-dark');
  });
});

test('/playground sends headers and keeps them nowhere', limit, async () => {
  await visit('/playground', {}, async (page) => {
    // GraphiQL takes up and stores edits a while after the last one; with this clock the while is over at once.
    await page.clock.install();
    await page.reload();
    await type(page, headerEditor, '{"X-Probe": "kept-nowhere"}');
    await page.clock.runFor(5_000);
    const request = page.waitForRequest((one) => one.postData()?.includes('FirstUsers'));
    await runQuery(page);
    await page.clock.runFor(5_000);
    assert.equal((await request).headers()['x-probe'], 'kept-nowhere');
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.match(kept, /FirstUsers/, 'the query survives a reload');
    assert.doesNotMatch(kept, /kept-nowhere/);
  });
});

test('/playground opens its dialogs', limit, async () => {
  await visit('/playground', {}, async (page) => {
    await page.getByRole('button', { name: 'Open settings dialog' }).click();
    await page.getByRole('dialog').getByText('Clear storage').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});

test('/docs lists users', limit, async () => {
  await visit('/docs', {}, async (page) => {
    const operation = await tryOut(page, 'get', '/users');
    const rows = operation.locator('.parameters tbody tr');
    await rows.first().waitFor();
    const names = await rows.evaluateAll((all) => all.map((row) => row.dataset.paramName));
    assert.ok(names.every(Boolean), `a parameter without a name: ${names}`);
    await execute(operation, '200');
    await chromium.screenshot(page, 'docs-get');
  });
});

test('/docs creates a user', limit, async () => {
  await visit('/docs', dark, async (page) => {
    const operation = await tryOut(page, 'post', '/users');
    const user = { email: 'grace@example.com', first_name: 'Grace', last_name: 'Hopper', password: 'correct horse battery' };
    await operation.locator('textarea.body-param__text').fill(JSON.stringify(user, null, 2));
    await execute(operation, '201');
    assert.match(await operation.locator('.live-responses-table').innerText(), /grace@example\.com/);
    await chromium.screenshot(page, 'docs-post-dark');
  });
});

test('/redoc lists the operations and searches them', limit, async () => {
  await visit('/redoc', {}, async (page) => {
    const menu = page.locator('.menu-content');
    await menu.locator('[data-item-id*="operation/"]').first().waitFor({ state: 'attached' });
    assert.ok((await menu.locator('[data-item-id*="operation/"]').count()) >= 2, 'too few operations in the menu');
    await page.locator('[id^="operation/"]').first().waitFor();
    await chromium.screenshot(page, 'redoc');
    await page.getByPlaceholder('Search...').fill('create user');
    await page.locator('[data-role="search:results"] [role="menuitem"]').first().waitFor();
    await chromium.screenshot(page, 'redoc-search');
  });
});

function rejects(pattern, options, misbehave) {
  return assert.rejects(visit('/', options, misbehave), { name: 'AssertionError', message: pattern });
}

// Runs in the page. Settles once the picture is there, or not.
function loadPicture(url) {
  return new Promise((resolve) => {
    const picture = new Image();
    picture.onload = picture.onerror = () => resolve();
    picture.src = url;
  });
}

const queryEditor = '.graphiql-query-editor .CodeMirror';
const headerEditor = '.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror';
const answer = '.graphiql-response .CodeMirror';

async function type(page, editor, text) {
  await page.locator(editor).click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText(text);
}

// runQuery presses the button and returns the answer that appears.
async function runQuery(page) {
  await page.locator('.graphiql-execute-button').click();
  await page.locator(answer).filter({ hasText: /"(data|errors)"/ }).waitFor();
  // The editor's own model: on the screen only the lines in view are elements.
  return page.locator(answer).evaluate((element) => JSON.parse(element.CodeMirror.getValue()));
}

async function tryOut(page, method, path) {
  const operation = page.locator(`.opblock-${method}`).filter({ has: page.locator(`[data-path="${path}"]`) });
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  return operation;
}

async function execute(operation, status) {
  await operation.getByRole('button', { name: 'Execute' }).click();
  const shown = operation.locator('.live-responses-table .response-col_status').filter({ hasText: /\d/ });
  assert.equal((await shown.first().innerText()).trim().split(/\s/)[0], status);
}

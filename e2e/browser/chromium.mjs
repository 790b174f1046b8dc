// A Chromium that watches what its pages do.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const screenshots = join(import.meta.dirname, '..', 'screenshots');

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags });
}

// visit opens a path of the service in a context of its own, runs body with the page, and then holds the page to good
// behaviour: nothing on the console but what is expected, no error, no violation of its policy, no request to anyone but the
// service. What init reports as an error counts, too: it runs in each document before anything else. What prepare makes of
// the page before it is opened is given to body.
export async function visit(browser, base, path, { expected, init, prepare, ...options }, body) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    if (init) await page.addInitScript(init);
    const behaviour = await watch(page, new URL(base).host, expected);
    const prepared = await prepare?.(page);
    const response = await page.goto(new URL(path, base).href);
    assert.equal(response.status(), 200, `GET ${path}`);
    await body(page, prepared);
    // A violation reaches the console on its own time: a round trip through the page lets what is under way arrive.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
    behaviour.check();
  } finally {
    await context.close();
  }
}

async function watch(page, host, expected) {
  const complaints = [];
  const requests = [];
  const record = (url) => /^(https?|wss?):/.test(url) && requests.push(url);
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`violates ${event.effectiveDirective} with ${event.blockedURI}`);
    });
  });
  page.on('request', (request) => record(request.url()));
  page.on('websocket', (socket) => record(socket.url()));
  page.on('pageerror', (error) => complaints.push(`page error: ${error.stack}`));
  page.on('crash', () => complaints.push('the page crashed'));
  page.on('console', (message) => {
    if (message.type() !== 'error' || expected?.test(message.text())) return;
    complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  return {
    check() {
      const outside = requests.filter((url) => new URL(url).host !== host);
      assert.deepEqual({ complaints, outside }, { complaints: [], outside: [] });
    },
  };
}

export async function screenshot(page, name) {
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

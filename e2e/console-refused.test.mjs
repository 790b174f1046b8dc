// The console where the service has no more room for feeds.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { limit, live, names, person, rowOf, suite } from './browser/console.mjs';

const { visit, call } = suite({ flags: ['--max-feeds=1'] });

test('a feed that is refused is asked for ever more rarely, and gets its place when there is one', limit, async () => {
  const user = await call('POST', '/users', person());
  await visit('/console', {}, async (first) => {
    await live(first);
    await visit('/console', { prepare: watchConnections }, async (page) => {
      const offline = () => page.getByText('Offline', { exact: true }).waitFor();
      await names(page).first().waitFor(); // the list needs no feed
      await offline();
      await page.clock.pauseAt(Date.now() + 30_000);
      // A minute, in which each attempt is seen to its end.
      const before = await connections(page);
      for (let i = 0; i < 240; i++) {
        await page.clock.runFor(250);
        await offline();
      }
      const made = (await connections(page)) - before;
      assert.ok(made >= 3 && made <= 12, `${made} attempts in a minute`);

      await first.goto(new URL('/', first.url()).href); // ends its feed
      await page.clock.resume();
      await page.clock.fastForward(30_000); // the longest pause
      await live(page);
      await call('PATCH', `/users/${user.id}`, { first_name: 'Followed' });
      await rowOf(page, `Followed ${user.last_name}`).waitFor();
    });
  });
});

async function watchConnections(page) {
  await page.clock.install();
  await page.addInitScript(() => {
    window.connections = 0;
    window.WebSocket = class extends WebSocket {
      constructor(...args) {
        super(...args);
        window.connections++;
      }
    };
  });
}

const connections = (page) => page.evaluate(() => window.connections);

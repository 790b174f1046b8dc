// The console for everybody: screen readers, keyboards, phones and wide screens, light and dark.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { screenshot } from './browser/chromium.mjs';
import { box, button, drawer, limit, live, names, password, rowOf, settled, shown, suite } from './browser/console.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const people = [
  ['Ada', 'Lovelace'], ['Grace', 'Hopper'], ['Alan', 'Turing'], ['Barbara', 'Liskov'], ['Edsger', 'Dijkstra'], ['Katherine', 'Johnson'],
  ['Donald', 'Knuth'], ['Hedy', 'Lamarr'], ['Radia', 'Perlman'], ['Tim', 'Berners-Lee'], ['Margaret', 'Hamilton'], ['John', 'von Neumann'],
];
const made = {};

const { visit, call } = suite({
  async prepare() {
    for (const [first_name, last_name] of people) {
      const email = `${first_name}.${last_name}@example.com`.replace(' ', '').toLowerCase();
      made[first_name] = await call('POST', '/users', { email, first_name, last_name, password, is_active: last_name.length > 5 });
    }
    await call('PATCH', `/users/${made.Ada.id}`, { last_name: 'King' });
    await call('PATCH', `/users/${made.Ada.id}`, { last_name: 'Lovelace' });
    for (const label of ['Phone', longLabel]) await call('POST', '/sessions', { email: made.Ada.email, password, label });
  },
});

const open = async (page, name) => {
  await page.getByRole('link', { name }).click();
  await button(drawer(page), 'Save').waitFor();
};

const longLabel = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'.replaceAll(' ', '-');
const sessionsOfAda = () => `/console/users/${made.Ada.id}?tab=sessions`;

// Each view and dialog, and how one gets there.
const views = {
  list: ['/console', async (page) => {
    await names(page).nth(11).waitFor();
    await live(page);
    await call('PATCH', `/users/${made.Radia.id}`, { is_active: false });
    await page.locator('tr.changed').filter({ hasText: 'Radia' }).waitFor();
    await call('PATCH', `/users/${made.Radia.id}`, { is_active: true });
    await rowOf(page, 'Radia').getByText('Active', { exact: true }).waitFor();
  }],
  'nobody found': ['/console?q=nobody', (page) => page.getByText('No user matches').waitFor()],
  'a wrong address': ['/console?after=nonsense', (page) => page.getByRole('alert').waitFor()],
  user: ['/console', (page) => open(page, 'Ada Lovelace')],
  history: [() => `/console/users/${made.Ada.id}?tab=history`, (page) => page.getByRole('listitem').nth(2).waitFor()],
  sessions: [sessionsOfAda, (page) => button(drawer(page), `End… ${longLabel}`).waitFor()],
  'a session that has ended': [sessionsOfAda, async (page) => {
    await drawer(page).getByRole('listitem').first().waitFor();
    await call('POST', '/sessions', { email: made.Ada.email, password, label: 'Tablet' });
    await drawer(page).getByRole('link', { name: 'Details' }).click();
    await drawer(page).getByRole('link', { name: 'Sessions' }).click();
    await button(drawer(page), 'End… Tablet').click();
    await button(box(page), 'End session').click();
    await button(drawer(page), 'Ended Tablet').waitFor();
    const notices = page.getByText('Tablet was ended.').filter({ visible: true });
    assert.equal(await notices.count(), 1, 'the drawer says it, and not the page behind, too');
  }],
  'confirmation of ending a session': [sessionsOfAda, async (page) => {
    await button(drawer(page), `End… ${longLabel}`).click();
    await box(page).waitFor();
  }],
  'a form with mistakes': ['/console/users/new', async (page) => {
    await button(drawer(page), 'Create user').click();
    await page.getByText('A password is needed.').waitFor();
  }],
  'confirmation of a deletion': ['/console', async (page) => {
    await open(page, 'Ada Lovelace');
    await button(drawer(page), 'Delete…').click();
    await box(page).waitFor();
  }],
  password: ['/console', async (page) => {
    await open(page, 'Ada Lovelace');
    await button(drawer(page), 'Set password…').click();
    await box(page).waitFor();
  }],
  conflict: ['/console', async (page) => {
    await open(page, 'Grace Hopper');
    await page.getByLabel('First name').fill('Admiral');
    await call('PATCH', `/users/${made.Grace.id}`, { last_name: 'Murray' });
    await page.getByText('Somebody changed this user meanwhile.').waitFor();
    await button(drawer(page), 'Save').click();
    await box(page).waitFor();
    await call('PATCH', `/users/${made.Grace.id}`, { last_name: 'Hopper' });
  }],
  import: ['/console/import', (page) => button(page, 'Choose a file…').waitFor()],
  'an import that is done': ['/console/import', async (page) => {
    const buffer = Buffer.from('email,first_name,last_name\nada.lovelace@example.com,Ada,Again\nnobody,,\n');
    await page.getByLabel('File of users').setInputFiles({ name: 'people.csv', mimeType: '', buffer });
    await page.getByText('Done: 0 created, 2 refused.').waitFor();
  }],
  keys: ['/console/keys', (page) => page.getByText('The service has no keys of its own').waitFor()],
  'a new key': ['/console/keys', async (page) => {
    await page.getByText('The service has no keys').waitFor();
    await button(page, 'New key').click();
    await box(page).waitFor();
  }],
};

const eachView = (suffix, options, check) => {
  for (const [name, [path, arrive]] of Object.entries(views)) {
    test(`${name}: ${suffix}`, limit, async () => {
      const expected = /status of 4\d\d/;
      await visit(typeof path === 'function' ? path() : path, { expected, ...options }, async (page) => {
        await arrive(page);
        await check(page, name);
      });
    });
  }
};

for (const colorScheme of ['light', 'dark']) {
  // Motion is over at once, so that nothing is judged half visible.
  eachView(`axe finds nothing, ${colorScheme}`, { colorScheme, reducedMotion: 'reduce' }, async (page, name) => {
    assert.deepEqual(await violations(page), []);
    await screenshot(page, `console-${name.replaceAll(' ', '-')}-${colorScheme}`);
  });
}

test('axe would find something', limit, async () => {
  await visit('/console', {}, async (page) => {
    await names(page).first().waitFor();
    await page.evaluate(() => document.querySelector('input[type=search]').labels[0].remove());
    await page.evaluate(() => document.querySelector('input[type=search]').removeAttribute('placeholder'));
    assert.deepEqual((await violations(page)).map(({ id }) => id), ['label']);
  });
});

async function violations(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`) }));
  });
}

eachView('fits into windows from narrow to wide', { viewport: { width: 320, height: 640 } }, async (page, name) => {
  for (const [width, height] of [[320, 640], [360, 740], [768, 1024], [1600, 900], [2560, 1440]]) {
    await page.setViewportSize({ width, height });
    assert.deepEqual(await page.evaluate(tooWide), [], `at ${width} × ${height} these scroll sideways`);
    if (width === 360) await screenshot(page, `console-${name.replaceAll(' ', '-')}-phone`);
  }
});

function tooWide() {
  const all = [document.documentElement, ...document.querySelectorAll('main, dialog, .inside, .card, .scroll')];
  return all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => `${one.tagName}.${one.className}`);
}

test('what is touched is large enough on a phone', limit, async () => {
  await visit('/console', { viewport: { width: 360, height: 740 }, hasTouch: true }, async (page) => {
    await names(page).first().waitFor();
    const sizes = await page.locator('button, a.button, select, input, .bar nav a').evaluateAll((all) =>
      all.map((one) => ({ name: one.outerHTML.slice(0, 80), height: one.getBoundingClientRect().height })));
    assert.deepEqual(sizes.filter(({ height }) => height < 30), []);
  });
});

test('a keyboard reaches everything', limit, async () => {
  await visit('/console', {}, async (page) => {
    await names(page).first().waitFor();
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.type || document.activeElement.ariaLabel);
    const press = (key) => page.keyboard.press(key);
    await press('Tab');
    assert.equal(await focused(), 'Skip to the content');
    await press('Enter');
    await press('Tab');
    assert.equal(await focused(), 'New user');
    await press('Tab');
    assert.equal(await focused(), 'search');
    await page.keyboard.type('ada');
    await page.waitForFunction(() => document.querySelectorAll('tbody a.name').length === 1);
    for (let i = 0; i < 4; i++) await press('Tab'); // two filters, the list, its first row
    assert.equal(await focused(), 'Ada Lovelace');
    await press('Enter');
    await button(drawer(page), 'Save').waitFor();
    assert.equal(await page.evaluate(() => document.querySelector('dialog').contains(document.activeElement)), true);
    await page.getByLabel('First name').focus();
    await press('End');
    await page.keyboard.type(' B.');
    await press('Enter');
    await drawer(page).getByRole('heading', { name: 'Ada B. Lovelace' }).waitFor();
    await press('Escape');
    await drawer(page).waitFor({ state: 'detached' });
    assert.equal(await focused(), 'Ada B. Lovelace', 'the focus is back where it was');
    await press('Enter');
    await button(drawer(page), 'Delete…').focus();
    await press('Space');
    await box(page).waitFor();
    await press('Escape');
    await box(page).waitFor({ state: 'detached' });
    assert.equal(await focused(), 'Delete…');
    await page.getByLabel('First name').fill('Ada');
    await press('Enter');
    await drawer(page).getByRole('heading', { name: 'Ada Lovelace', exact: true }).waitFor();
  });
});

test('the focus never leaves a dialog', limit, async () => {
  await visit(`/console/users/${made.Ada.id}`, {}, async (page) => {
    await button(drawer(page), 'Save').waitFor();
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab');
      const place = await page.evaluate(() => (document.activeElement === document.body ? 'browser' : document.activeElement.closest('dialog') ? 'dialog' : 'page'));
      assert.notEqual(place, 'page');
    }
  });
});

test('the page is small, and takes three files', limit, async () => {
  await visit('/console', {}, async (page) => {
    await live(page);
    await names(page).first().waitFor();
    const files = await page.evaluate(() => performance.getEntries()
      .filter(({ entryType, initiatorType }) => entryType === 'navigation' || ['script', 'link', 'css', 'img'].includes(initiatorType))
      .map(({ name, encodedBodySize }) => ({ name: new URL(name).pathname, size: encodedBodySize })));
    assert.deepEqual(files.map(({ name }) => name).sort(), ['/console', '/console/assets/console.js', '/console/assets/style.css']);
    const total = files.reduce((sum, { size }) => sum + size, 0);
    assert.ok(total > 10_000 && total < 60 * 1024, `${total} bytes`);
  });
});

test('without motion where it is not wanted', limit, async () => {
  await visit(`/console/users/${made.Ada.id}`, { reducedMotion: 'reduce' }, async (page) => {
    await button(drawer(page), 'Save').waitFor();
    await settled(page);
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    assert.ok((await shown(page)).length > 0);
  });
});

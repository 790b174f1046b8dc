// The console's import of files.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { button, limit, live, person, suite } from './browser/console.mjs';

const { visit, call } = suite();

const header = 'email,first_name,last_name,password,is_active\n';

test('a CSV file is imported, and refused rows are listed with the reason', limit, async () => {
  const taken = await call('POST', '/users', person());
  const file = [
    header.trim(),
    'grace@example.com,Grace,"Hopper, Rear Admiral",,FALSE',
    `${taken.email},Some,Body,,`,
    'nonsense,,Nameless,password,',
    'alan@example.com,Alan,Turing,the enigma of it,maybe',
    'too,few',
    'quote@example.com,"Qu"ote,Bad,,',
    '',
    '"zoë@example.com",Zoë,"Say ""hi""",a secret of her own,true',
  ];
  await visit('/console/import', {}, async (page) => {
    await choose(page, 'people.csv', `\ufeff${file.join('\r\n')}`);
    await page.getByText('Done: 2 created, 5 refused.').waitFor();
    assert.equal(await page.getByRole('progressbar').getAttribute('value'), '100');
    const reasons = [
      [3, 'email', 'EMAIL_TAKEN'],
      [4, 'email', 'INVALID'],
      [4, 'first_name', 'REQUIRED'],
      [4, 'password', 'PASSWORD_TOO_COMMON'],
      [5, 'is_active', 'INVALID'],
      [6, '', 'INVALID'],
      [7, '', 'INVALID'],
    ];
    const downloaded = await download(page);
    assert.equal(downloaded.name, 'people.csv.refused.csv');
    const [first, ...records] = downloaded.text.trim().split('\r\n');
    assert.equal(first, 'line,field,code,message');
    assert.deepEqual(records.map(parts), reasons);
    for (const record of records) assert.match(record, /,"[A-Z][^"]+\."$/, 'each has a sentence');
    assert.doesNotMatch(downloaded.text, /Nameless|enigma|nonsense/, 'values of the file are not repeated');
    assert.equal(await page.getByRole('region', { name: 'Refused rows' }).getByRole('row').count(), reasons.length + 1);
    await button(page, 'Import another file').click();
    await button(page, 'Choose a file…').waitFor();
  });
  const [grace] = await call('GET', '/users?email=grace@example.com');
  assert.deepEqual([grace.last_name, grace.is_active], ['Hopper, Rear Admiral', false]);
  const [zoe] = await call('GET', `/users?email=${encodeURIComponent('zoë@example.com')}`);
  assert.equal(zoe.last_name, 'Say "hi"');
  assert.deepEqual(await call('GET', '/users?email=alan@example.com'), []);
});

test('an NDJSON file is imported', limit, async () => {
  const rows = [
    { email: 'n1@example.com', first_name: 'N', last_name: 'One', password: 'a secret of their own', is_active: false },
    { email: 'n2@example.com', first_name: 'N', last_name: 2 },
    { email: 'n3@example.com', first_name: 'N', last_name: 'Three', password_hash: '$argon2id$' },
    { email: 'n4@example.com', first_name: 'N', last_name: 'Four', nickname: 'x' },
    { email: null, first_name: 'N', last_name: 'Five' },
    ['not an object'],
  ];
  const text = `${rows.map((row) => JSON.stringify(row)).join('\n')}\n\n{"email": "n7@example.com", \n{"email":"n8@example.com","first_name":"\\ud800","last_name":"Eight"}`;
  await visit('/console/import', {}, async (page) => {
    await choose(page, 'people.ndjson', text);
    await page.getByText('Done: 1 created, 7 refused.').waitFor();
    const records = (await download(page)).text.trim().split('\r\n').slice(1);
    assert.deepEqual(records.map(parts), [
      [2, 'last_name', 'INVALID'],
      [3, 'password_hash', 'UNKNOWN_FIELD'],
      [4, 'nickname', 'UNKNOWN_FIELD'],
      [5, 'email', 'REQUIRED'],
      [6, '', 'INVALID'],
      [8, '', 'INVALID'],
      [9, 'first_name', 'FORBIDDEN_CHARACTER'],
    ]);
  });
  assert.equal((await call('GET', '/users?email=n1@example.com'))[0].is_active, false);
});

for (const [what, name, content, sentence] of [
  ['a column that is missing', 'x.csv', 'email,first_name\na@example.com,A\n', /The column last_name is missing/],
  ['a column that is unknown', 'x.csv', 'email,first_name,last_name,age\n', /The column age cannot be imported here\. There is no such field\./],
  ['a column that only the command takes', 'x.csv', 'email,first_name,last_name,password_hash\n', /Only the command userd import/],
  ['other characters than UTF-8', 'x.csv', Buffer.from('email,first_name,last_name\nj@example.com,J\xfcrgen,X\n', 'latin1'), /not text in UTF-8/],
]) {
  test(`a file with ${what} is refused in a sentence`, limit, async () => {
    await visit('/console/import', {}, async (page) => {
      await choose(page, name, content);
      await page.getByRole('heading', { name: 'Stopped x.csv' }).waitFor();
      assert.match(await page.getByRole('alert').innerText(), sentence);
    });
  });
}

test('a large file is read in pieces, and progress is seen on the way', limit, async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `large${i}@example.com,Größe,Number ${i},,\n`).join('');
  const before = await countUsers();
  await visit('/console/import', {}, async (page) => {
    const bodies = [];
    page.on('request', (request) => request.postData()?.includes('CreateUsers') && bodies.push(request.postData().length));
    await choose(page, 'large.csv', header + rows + 'large0@example.com,Again,Again,,\n'.repeat(2_999) + 'x'.repeat(200_000));
    const seen = new Set();
    const bar = page.getByRole('progressbar');
    while ((await page.getByRole('heading', { name: 'Imported large.csv' }).count()) === 0) seen.add(await bar.getAttribute('value'));
    await page.getByText('Done: 20,000 created, 3,000 refused.').waitFor();
    assert.ok(seen.size > 2, `progress was ${[...seen]}`);
    assert.ok(bodies.length >= 46 && Math.max(...bodies) < 128 * 1024, `${bodies.length} requests of up to ${Math.max(...bodies)} bytes`);
    assert.equal(await page.getByRole('region', { name: 'Refused rows' }).getByRole('row').count(), 101, 'the first hundred are shown');
    const records = (await download(page)).text.trim().split('\r\n').slice(1);
    assert.deepEqual(records.map((record) => parts(record)[0]), Array.from({ length: 3_000 }, (_, i) => 20_002 + i));
    assert.deepEqual(parts(records.at(-1)), [23_001, '', 'TOO_LONG'], 'a line without an end costs its own row and no memory');
  });
  assert.equal(await countUsers(), before + 20_000);
  assert.equal((await call('GET', '/users?email=large19999@example.com'))[0].first_name, 'Größe');
});

test('an import is cancelled, goes on beside other views, and counts what it did', limit, async () => {
  const rows = Array.from({ length: 300 }, (_, i) => `slow${i}@example.com,Slow,Number,a secret of user ${i},\n`).join('');
  const before = await countUsers();
  let created;
  await visit('/console/import', {}, async (page) => {
    await choose(page, 'slow.csv', header + rows);
    await page.locator('.figures dd').nth(1).filter({ hasNotText: /^0$/ }).waitFor();
    await page.getByRole('link', { name: 'Users', exact: true }).click();
    await live(page);
    await page.getByRole('link', { name: 'Import', exact: true }).click();
    await button(page, 'Cancel').click();
    const summary = await page.getByText('Not all of the file was read.').innerText();
    created = Number(summary.match(/(\d+) created/)[1]);
    assert.ok(created > 0 && created < 300, summary);
  });
  assert.equal(await countUsers(), before + created);
});

test('an import waits while a proxy finds no service', limit, async () => {
  const config = await readFile(new URL('../deploy/haproxy.cfg', import.meta.url), 'utf8');
  const document = config.match(/http-error status 503 .* string '(.*)' hdr Retry-After 1/)[1];
  const answers = [
    { status: 503, headers: { 'Retry-After': '1' }, contentType: 'application/problem+json', body: document },
    { status: 503, contentType: 'text/html', body: '<h1>503 Service Unavailable</h1>' },
    { status: 429, contentType: 'text/html', body: '<h1>429 Too Many Requests</h1>' },
  ];
  await visit('/console/import', { expected: /the server responded with a status of (429|503)/ }, async (page) => {
    await page.route('**/graphql', (route) => {
      const answer = route.request().postData()?.includes('CreateUsers') && answers.shift();
      return answer ? route.fulfill(answer) : route.continue();
    });
    await choose(page, 'proxy.csv', `${header}proxied@example.com,Behind,Proxy,,\n`);
    await page.getByText('Done: 1 created, 0 refused.').waitFor();
    assert.deepEqual(answers, []);
  });
});

async function choose(page, name, content) {
  await button(page, 'Choose a file…').waitFor();
  await page.getByLabel('File of users').setInputFiles({ name, mimeType: '', buffer: Buffer.from(content) });
}

async function download(page) {
  const started = page.waitForEvent('download');
  await button(page, 'Download refused rows').click();
  const file = await started;
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

const parts = (record) => {
  const [line, field, code] = record.split(',');
  return [Number(line), field, code];
};

async function countUsers() {
  return (await call('POST', '/graphql', { query: '{ users(first: 1) { totalCount } }' })).data.users.totalCount;
}

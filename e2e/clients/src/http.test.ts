// The collections in docs: every request is answered as it says, and every operation of the contract is in one of them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Userd } from './userd.js';

interface Report {
  requests: { title: string; response?: { request: { method: string; url: string } }; testResults: { status: string; message: string }[] }[];
}

const project = join(import.meta.dirname, '..', '..');
const docs = join(project, '..', '..', 'docs');

describe('the collections in docs', { timeout: 60_000 }, () => {
  let userd: Userd;
  let dir: string;
  before(async () => {
    userd = await Userd.start();
    dir = await mkdtemp(join(tmpdir(), 'userd-http-'));
  });
  after(async () => {
    await userd.end();
    await rm(dir, { recursive: true, force: true });
  });

  /** send sends a whole collection, with a part replaced, and returns what httpYac says of it. */
  const send = async (collection: string, part = '', by = ''): Promise<Report> => {
    const text = (await readFile(join(docs, collection), 'utf8')).replace('http://localhost:8000', userd.url);
    assert.ok(text.includes(part));
    const file = join(dir, 'userd.http');
    await writeFile(file, text.replace(part, by));
    const httpyac = join(project, 'node_modules', '.bin', 'httpyac');
    // Into a file: httpYac exits without waiting for a pipe, which loses the end of what is longer than the pipe holds.
    const report = await open(join(dir, 'report.json'), 'w');
    try {
      const sent = spawn(httpyac, ['send', file, '--all', '--json'], { cwd: dir, stdio: ['ignore', report.fd, 'inherit'] });
      await once(sent, 'exit'); // with a status of its own when an expectation is not met; the report says which
      return JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')) as Report;
    } finally {
      await report.close();
    }
  };
  const unmet = ({ requests }: Report) =>
    requests.flatMap(({ title, testResults }) =>
      testResults.filter(({ status }) => status !== 'SUCCESS').map(({ message }) => `${title}: ${message}`),
    );

  test('would be found to be wrong', async () => {
    assert.deepEqual(unmet(await send('userd.http', '?? body status == healthy', '?? body status == ill')), [
      'The service is healthy: status == ill',
    ]);
  });

  test('are answered as they say', async () => {
    const sent: string[] = [];
    for (const collection of ['userd.http', 'sessions.http', 'tokens.http', 'keys.http']) {
      const report = await send(collection);
      assert.deepEqual(unmet(report), []);
      for (const { title, testResults, response } of report.requests) {
        assert.notEqual(testResults.length, 0, `${title} expects nothing`);
        sent.push(`${response?.request.method} ${new URL(response?.request.url ?? '').pathname}`);
      }
    }
    assert.deepEqual(await unsent(sent), []);
  });

  /** unsent are the operations of the contract that are not among those sent. */
  const unsent = async (sent: string[]): Promise<string[]> => {
    const { paths } = (await (await fetch(`${userd.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => ['get', 'put', 'post', 'patch', 'delete'].includes(key))
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.ok(operations.length > 10);
    return operations.filter((operation) => !sent.some((one) => new RegExp(`^${operation.replace(/\{\w+\}/g, '[^/]+')}$`).test(one)));
  };
});

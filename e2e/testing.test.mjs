// The example of docs/testing.md, run as somebody would who has userd in their PATH.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

test('the example for Node passes', { timeout: 6 * 60_000 }, async (t) => {
  const bin = await mkdtemp(join(tmpdir(), 'userd-testing-'));
  t.after(() => rm(bin, { recursive: true, force: true }));
  const userd = join(bin, 'userd');
  if (process.env.E2E_BINARY) await symlink(resolve(process.env.E2E_BINARY), userd);
  else await run('go', ['build', '-o', userd, './cmd/userd'], { cwd: root });
  // Without the variable by which this runner tells its children that they are its own, whose report it would take.
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', join(root, 'docs', 'testing', 'users.test.mjs')], {
    env: { PATH: `${bin}:${process.env.PATH}` },
  });
  assert.match(stdout, /^# pass 3$/m);
  assert.match(stdout, /^# fail 0$/m);
});

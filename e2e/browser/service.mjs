// Builds the service from this checkout and runs it on a free port, with an empty memory store unless told otherwise.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

const buildLimit = 5 * 60_000;
const startLimit = 20_000;
const stopLimit = 30_000; // longer than userd itself waits for requests
const keptLines = 50;

// start resolves to { url, stop }. E2E_BINARY names a program to run in place of building one. Later flags win.
export async function start(...flags) {
  const dir = await mkdtemp(join(tmpdir(), 'userd-e2e-'));
  const removeDir = () => rm(dir, { recursive: true, force: true });
  try {
    const service = await launch(process.env.E2E_BINARY ?? (await build(dir)), dir, flags);
    return { url: service.url, stop: () => service.stop().finally(removeDir) };
  } catch (error) {
    await removeDir();
    throw error;
  }
}

async function build(dir) {
  const binary = join(dir, 'userd');
  await run('go', ['build', '-o', binary, './cmd/userd'], { cwd: root, timeout: buildLimit });
  return binary;
}

async function launch(binary, cwd, flags) {
  const args = ['--addr', '127.0.0.1:0', '--database-url', 'memory:', '--log-format', 'json', ...flags];
  // Its own environment, so that settings of the shell that runs the tests do not reach it.
  const child = spawn(binary, args, { cwd, env: { PATH: process.env.PATH }, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  exited.catch(() => {}); // a failure to spawn is reported by listening
  try {
    return { url: `http://${await listening(child)}`, stop: () => stop(child, exited) };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

// listening resolves to the address in the log line that announces it, and goes on draining the log after that.
function listening(child) {
  return new Promise((resolve, reject) => {
    const last = [];
    const fail = (why) => reject(new Error(`userd ${why}; its last log lines:\n${last.join('\n')}`));
    const timer = setTimeout(fail, startLimit, `logged no address within ${startLimit} ms`);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code, signal) => fail(`ended (${signal ?? code}) before it listened`));
    createInterface({ input: child.stderr }).on('line', (line) => {
      last.push(line);
      if (last.length > keptLines) last.shift();
      const { msg, addr } = parse(line);
      if (msg !== 'listening') return;
      clearTimeout(timer);
      resolve(addr);
    });
  });
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

// stop asks the process that launch started to end, and insists that it does so cleanly.
async function stop(child, exited) {
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimit);
  child.kill('SIGTERM');
  const [code, signal] = await exited;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`userd ended with ${signal ?? code} after SIGTERM`);
}

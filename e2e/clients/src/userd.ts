import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const binary = process.env['E2E_BINARY'] ?? join(import.meta.dirname, '..', 'userd');
// Its own environment, so that settings of the shell that runs the tests do not reach it.
const env = { PATH: process.env['PATH'] };

const startLimit = 20_000;
const keptLines = 50;

/** Keys are what callers of a closed service show: an application of the stories, one that only reads, and whoever runs the service. */
export interface Keys {
  app: string;
  reader: string;
  operator: string;
}

/** scopes are what each key allows, and no more. */
const scopes: Record<keyof Keys, string[]> = {
  app: ['users:read', 'users:write', 'changes:read'],
  reader: ['users:read'],
  operator: ['admin'],
};

/** bearer is the header, or the payload of a WebSocket's connection_init, that shows a key. */
export function bearer(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { Authorization: `Bearer ${key}` };
}

/** Userd is the real service. It keeps its users in a file, and its address when it is restarted. */
export class Userd {
  private child?: ChildProcess;
  private port = 0;

  /** up is resolved while the service is there, and pending while it is restarted. */
  up: Promise<void> = Promise.resolve();

  /** keys are those of a service that is closed. */
  keys?: Keys;

  private constructor(private readonly dir: string) {}

  /** start runs a new service, with these lines of NDJSON imported first; a closed one serves those alone who show a key. */
  static async start(users: object[] = [], door: 'open' | 'closed' = 'open'): Promise<Userd> {
    const userd = new Userd(await mkdtemp(join(tmpdir(), 'userd-clients-')));
    await userd.import(users);
    if (door === 'closed') userd.keys = { app: await userd.addKey('app'), reader: await userd.addKey('reader'), operator: await userd.addKey('operator') };
    userd.port = await freePort();
    await userd.launch();
    return userd;
  }

  /** url is the service's address, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** graphql is the address of its GraphQL endpoint. */
  get graphql(): string {
    return `${this.url}/graphql`;
  }

  /** socket is the address of its GraphQL endpoint for WebSockets. */
  get socket(): string {
    return this.graphql.replace('http', 'ws');
  }

  /** end stops the service, which has to end well, and forgets its users. */
  async end(): Promise<void> {
    try {
      await this.kill('SIGTERM');
    } finally {
      await rm(this.dir, { recursive: true, force: true });
    }
  }

  /** restart ends the process and starts another one; up waits for what happens meanwhile, too. */
  async restart(signal: 'SIGTERM' | 'SIGKILL', meanwhile: () => Promise<void>): Promise<void> {
    let again = () => {};
    this.up = new Promise((resolve) => (again = resolve));
    await this.kill(signal);
    await this.launch();
    await meanwhile();
    again();
  }

  /** rename gives a user another first name, behind the clients' backs. */
  async rename(id: string, name: string): Promise<void> {
    const response = await fetch(`${this.url}/users/${id}`, {
      method: 'PATCH',
      body: JSON.stringify({ first_name: name }),
      headers: { 'Content-Type': 'application/merge-patch+json', ...bearer(this.keys?.operator) },
    });
    assert.equal(response.status, 200);
  }

  /** kill ends the process; its users stay. */
  private async kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = await exited;
    assert.equal(code, signal === 'SIGTERM' ? 0 : null);
  }

  /** launch starts the process, and resolves when it listens. */
  private async launch(): Promise<void> {
    const args = ['--addr', `127.0.0.1:${this.port}`, '--database-url', this.database, '--log-format', 'json'];
    const child = spawn(binary, args, { cwd: this.dir, env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      const last: string[] = [];
      const fail = (why: string) => reject(new Error(`userd ${why}; its last log lines:\n${last.join('\n')}`));
      const timer = setTimeout(fail, startLimit, `did not listen within ${startLimit} ms`);
      child.once('error', (error) => fail(`did not start: ${error.message}`));
      child.once('exit', (code, signal) => fail(`ended (${signal ?? code})`));
      createInterface({ input: child.stderr }).on('line', (line) => {
        last.push(line);
        if (last.length > keptLines) last.shift();
        if (!line.includes('"msg":"listening"')) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private get database(): string {
    return `file:${join(this.dir, 'users.db')}`;
  }

  private async import(users: object[]): Promise<void> {
    if (users.length === 0) return;
    const file = join(this.dir, 'users.ndjson');
    await writeFile(file, users.map((user) => JSON.stringify(user) + '\n').join(''));
    await this.run('import', file);
  }

  private async addKey(name: keyof Keys): Promise<string> {
    return (await this.run('keys', 'add', name, ...scopes[name].map((scope) => `--scope=${scope}`))).trim();
  }

  /** run runs a command on the database, and returns what it prints. */
  private async run(...args: string[]): Promise<string> {
    return (await run(binary, [...args, '--database-url', this.database], { cwd: this.dir, env })).stdout;
  }
}

/**
 * freePort finds a port that nobody listens on. It is not one of those that the system gives to connections (from
 * 32768 on), for they could take it while the service is down.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    server.listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(() => true, () => false);
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

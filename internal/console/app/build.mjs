// Builds the console into ../dist, which the binary embeds:
//
//     npm ci && node build.mjs            rewrite dist/
//     npm ci && node build.mjs --check    fail where dist/ is not what the source gives
//
// What is large is kept compressed because that is how nearly every browser takes it.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const here = import.meta.dirname;
const dist = join(here, '..', 'dist');

function run(tool, ...args) {
  execFileSync(join(here, 'node_modules', '.bin', tool), args, { cwd: here, stdio: 'inherit' });
}

// build returns the files that the source gives, by their names in dist/.
function build() {
  run('graphql-codegen', '--config', 'codegen.yml', '--silent');
  run('tsc');
  const made = mkdtempSync(join(tmpdir(), 'userd-console-'));
  try {
    run('vite', 'build', '--logLevel', 'warn', '--outDir', made, '--emptyOutDir');
    const files = new Map(readdirSync(made).map((name) => named(name, readFileSync(join(made, name)))));
    return files.set('LICENSES.txt', licences());
  } finally {
    rmSync(made, { recursive: true });
  }
}

function named(name, content) {
  return [/\.(js|css)$/.test(name) ? `${name}.gz` : name, content];
}

// The packages whose code is in the bundle, with their licences.
function licences() {
  const { dependencies } = manifest(here);
  const texts = Object.keys(dependencies).map((name) => {
    const dir = join(here, 'node_modules', name);
    const { version, license } = manifest(dir);
    return `${name} ${version} (${license})\n\n${readFileSync(join(dir, 'LICENSE'), 'utf8').trim()}\n`;
  });
  return Buffer.from(`The console of userd contains these packages:\n\n${texts.join('\n')}`);
}

function manifest(dir) {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
}

// Byte 9 of a gzip header names the operating system: 255, unknown, makes it the same on all of them.
function compress(content) {
  const gz = gzipSync(content, { level: 9 });
  gz[9] = 255;
  return gz;
}

// Compares what a file holds, not its compressed bytes: deflate's output differs between zlib builds.
function isCurrent(name, content) {
  try {
    const found = readFileSync(join(dist, name));
    return (name.endsWith('.gz') ? gunzipSync(found) : found).equals(content);
  } catch {
    return false; // it is missing, or broken
  }
}

const files = build();
const stale = [...files].filter(([name, content]) => !isCurrent(name, content));
const strays = readdirSync(dist).filter((name) => !files.has(name));
if (process.argv.includes('--check')) {
  for (const [name] of stale) console.error(`dist/${name} is missing or differs from its source`);
  for (const name of strays) console.error(`dist/${name} comes from no source`);
  if (stale.length + strays.length > 0) {
    console.error('Run in internal/console/app: npm ci && node build.mjs');
    process.exitCode = 1;
  }
} else {
  for (const [name, content] of stale) {
    writeFileSync(join(dist, name), name.endsWith('.gz') ? compress(content) : content);
    console.log(`wrote dist/${name}`);
  }
  for (const name of strays) {
    rmSync(join(dist, name));
    console.log(`removed dist/${name}`);
  }
}

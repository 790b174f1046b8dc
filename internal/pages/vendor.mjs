// Writes assets/ from the packages pinned in package-lock.json:
//
//     npm ci && node vendor.mjs            rewrite assets/
//     npm ci && node vendor.mjs --check    fail where assets/ is not what the packages give
//
// Assets are kept compressed because that is how nearly every browser takes them, and it keeps both the
// repository and the binary small.

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const here = import.meta.dirname;
const modules = join(here, 'node_modules');
const assets = join(here, 'assets');

// A blank picture: see replaceLogo.
const blankSVG = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/%3E";

// `from` is a path in node_modules; `edit` changes the text on its way.
const sources = [
  { from: 'graphiql/graphiql.css', edit: dropFonts },
  { from: 'graphiql/graphiql.min.js' },
  { from: 'react/umd/react.production.min.js' },
  { from: 'react-dom/umd/react-dom.production.min.js' },
  { from: 'redoc/bundles/redoc.standalone.js', edit: replaceLogo },
  { from: 'swagger-ui-dist/swagger-ui.css' },
  { from: 'swagger-ui-dist/swagger-ui-bundle.js' },
];

// GraphiQL's stylesheet carries 34 fonts as data URLs, 97 % of its compressed size. static/pages.css names
// fonts that every system has in their place.
function dropFonts(css) {
  return must(css.replace(/@font-face\s*\{[^}]*\}/g, ''), css, 'the fonts of graphiql.css');
}

// ReDoc fetches the picture beside "API docs by Redocly" from a CDN. These pages make no outside request, and
// the content security policy would report the attempt on the console, so a blank picture stands there instead.
function replaceLogo(js) {
  return must(js.replace('https://cdn.redoc.ly/redoc/logo-mini.svg', blankSVG), js, "the address of ReDoc's logo");
}

function must(changed, original, what) {
  if (changed === original) throw new Error(`${what} cannot be found: look at what the new version does instead`);
  return changed;
}

// Source maps are not shipped, and a reference to one is a request that fails once developer tools are open.
function dropSourceMap(text) {
  return text.replace(/\n?(\/\/|\/\*)# sourceMappingURL=\S+?(\s*\*\/)?\s*$/, '\n');
}

function build({ from, edit = (text) => text }) {
  const text = dropSourceMap(edit(readFileSync(join(modules, from), 'utf8')));
  return { name: `${from.split('/').at(-1)}.gz`, content: Buffer.from(text) };
}

// Byte 9 of a gzip header names the operating system: 255, unknown, makes it the same on all of them.
function compress(content) {
  const gz = gzipSync(content, { level: 9 });
  gz[9] = 255;
  return gz;
}

function packageOf(path) {
  const parts = path.split('/');
  return parts.slice(0, path.startsWith('@') ? 2 : 1).join('/');
}

// The packages whose code is inside a bundle, by its source map.
function bundled(from) {
  const map = join(modules, `${from}.map`);
  if (!from.endsWith('.js') || !existsSync(map)) return [];
  const marker = 'node_modules/';
  return JSON.parse(readFileSync(map, 'utf8'))
    .sources.filter((source) => source.includes(marker))
    .map((source) => packageOf(source.slice(source.lastIndexOf(marker) + marker.length)));
}

// Licence and notice files of a package; a bundle's own collection of notices has a name that ends in LICENSE.txt.
function licenceFiles(name, bundles) {
  const dir = join(modules, name);
  const own = readdirSync(dir).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const collected = bundles.map((from) => `${from.slice(name.length + 1)}.LICENSE.txt`);
  return [...own.sort(), ...collected.filter((file) => existsSync(join(dir, file)))].map((file) => join(dir, file));
}

function manifest(name) {
  return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
}

function title(name) {
  const { version, license } = manifest(name);
  return `${name} ${version} (${license})`;
}

// Many packages share one text to the letter; each text is printed once, under the names of all of them.
function licences() {
  const froms = sources.map(({ from }) => from);
  const direct = [...new Set(froms.map(packageOf))];
  const inside = [...new Set(froms.flatMap(bundled))].filter((name) => !direct.includes(name)).sort();
  const installed = inside.filter((name) => existsSync(join(modules, name)));
  const texts = new Map();
  const without = inside.filter((name) => !installed.includes(name));
  for (const name of [...direct, ...installed]) {
    const files = licenceFiles(name, froms.filter((from) => packageOf(from) === name));
    if (files.length === 0) without.push(title(name));
    for (const file of files) {
      const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim();
      texts.set(text, [...(texts.get(text) ?? []), title(name)]);
    }
  }
  return render(direct, texts, without.sort());
}

function render(direct, texts, without) {
  const rule = '='.repeat(80);
  return [
    'The documentation pages of userd contain these packages:',
    direct.map((name) => `  ${title(name)}`).join('\n'),
    'They contain in turn the packages named below, each group above its licence. Written by vendor.mjs.',
    ...[...texts].map(([text, names]) => `${rule}\n${[...new Set(names)].join('\n')}\n${rule}\n\n${text}`),
    `${rule}\nAlso inside the bundles, by their source maps, without a licence file among the installed packages\n${rule}`,
    wrap(without.join(', ')),
  ].join('\n\n') + '\n';
}

function wrap(text) {
  return text.replace(/(.{1,100})(\s+|$)/g, '$1\n').trim();
}

function committed(name) {
  const path = join(assets, name);
  return existsSync(path) ? readFileSync(path) : undefined;
}

// Compares what a file holds, not its compressed bytes: deflate's output differs between zlib builds.
function isCurrent({ name, content }) {
  const found = committed(name);
  if (!found) return false;
  try {
    return (name.endsWith('.gz') ? gunzipSync(found) : found).equals(content);
  } catch {
    return false;
  }
}

function wanted() {
  return [...sources.map(build), { name: 'LICENSES.txt', content: Buffer.from(licences()) }];
}

function check(files, strays) {
  const complaints = [
    ...files.filter((file) => !isCurrent(file)).map(({ name }) => `assets/${name} is missing or differs from its package`),
    ...strays.map((name) => `assets/${name} comes from no package`),
  ];
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) {
    console.error('Run: npm ci && node vendor.mjs');
    process.exitCode = 1;
  }
}

// A file that is current stays untouched, so that another zlib does not make a change out of nothing.
function write(files, strays) {
  for (const file of files.filter((one) => !isCurrent(one))) {
    const { name, content } = file;
    writeFileSync(join(assets, name), name.endsWith('.gz') ? compress(content) : content);
    console.log(`wrote assets/${name}`);
  }
  for (const name of strays) {
    rmSync(join(assets, name));
    console.log(`removed assets/${name}`);
  }
}

const files = wanted();
const strays = readdirSync(assets).filter((name) => !files.some((file) => file.name === name));
if (process.argv.includes('--check')) check(files, strays);
else write(files, strays);

// Bundles each test into build/js, with Relay's documents compiled by Relay's own Babel plugin.

import { readdir, readFile, rm } from 'node:fs/promises';

import babel from '@babel/core';
import { build } from 'esbuild';

const relay = {
  name: 'relay',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/relay\/.*\.ts$/ }, async ({ path }) => {
      const { code } = await babel.transformAsync(await readFile(path, 'utf8'), {
        filename: path,
        presets: ['@babel/preset-typescript'],
        plugins: [['relay', { artifactDirectory: 'src/generated/relay', eagerEsModules: true }]],
      });
      return { contents: code, loader: 'js' };
    });
  },
};

process.chdir(import.meta.dirname);
await rm('build/js', { recursive: true, force: true });
const tests = (await readdir('src')).filter((name) => name.endsWith('.test.ts'));
await build({
  entryPoints: tests.map((name) => `src/${name}`),
  outdir: 'build/js',
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  plugins: [relay],
});

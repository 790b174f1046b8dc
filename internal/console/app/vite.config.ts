import { defineConfig } from 'vite';

// One script and one stylesheet under fixed names: the service puts their hashes into the document itself, so that what is
// committed keeps its name when it changes.
export default defineConfig({
  base: '/console/assets/',
  build: {
    target: 'es2023',
    assetsDir: '',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: { entryFileNames: 'console.js', assetFileNames: '[name][extname]', codeSplitting: false },
    },
  },
  // For work on the console: npm run dev, beside a userd on its usual port.
  server: {
    proxy: {
      '/graphql': { target: 'http://localhost:8000', ws: true },
      '/keys': 'http://localhost:8000',
    },
  },
});

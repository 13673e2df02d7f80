import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: { index: 'src/index.ts', main: 'src/main.ts' },
  format: ['esm'],
  platform: 'node',
  target: 'node22',
  dts: { oxc: true },
  sourcemap: true,
  failOnWarn: true,
  fixedExtension: false,
  // The composition is not published by itself, so it becomes part of this package, types included;
  // everything that it needs is among the dependencies.
  deps: {
    alwaysBundle: ['@thv/compose'],
    onlyBundle: ['@thv/compose'],
    dts: { alwaysBundle: ['@thv/compose'] },
  },
});

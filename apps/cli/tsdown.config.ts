import { defineConfig } from 'tsdown';

/**
 * The command and the development provider. Dependencies stay outside; what a command does not
 * need is a chunk of its own, loaded when the command runs.
 */
export default defineConfig({
  entry: { bin: 'src/bin.ts', 'dev-idp': 'src/dev-idp/index.ts' },
  format: ['esm'],
  platform: 'node',
  target: 'es2022',
  dts: { oxc: true },
  sourcemap: true,
  failOnWarn: true,
  fixedExtension: false,
  clean: true,
  // The composition is not published by itself, so it becomes part of this package; everything that
  // it needs is among the dependencies.
  deps: { alwaysBundle: ['@thv/compose'], onlyBundle: ['@thv/compose'] },
});

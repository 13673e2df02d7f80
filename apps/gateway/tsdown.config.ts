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
});

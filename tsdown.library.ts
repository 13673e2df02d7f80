/**
 * How the three packages are built: the root entry for any runtime, the `node` entry for Node.
 * A `node:` import that reaches the root entry cannot be resolved on the neutral platform, and
 * `failOnWarn` turns that into a failed build.
 */
import { defineConfig, type UserConfig } from 'tsdown';

interface LibraryEntries {
  readonly neutral: Record<string, string>;
  readonly node: Record<string, string>;
}

const shared = {
  format: ['esm'],
  target: 'es2022',
  dts: { oxc: true },
  sourcemap: true,
  failOnWarn: true,
  fixedExtension: false,
  hash: false,
  // A package's node entry imports its own root entry by name, so both share one copy of it.
  deps: { neverBundle: [/^@thv\//] },
} satisfies UserConfig;

export function libraryConfig(entries: LibraryEntries): UserConfig[] {
  return defineConfig([
    { ...shared, entry: entries.neutral, platform: 'neutral', clean: true },
    { ...shared, entry: entries.node, platform: 'node', clean: false },
  ]) as UserConfig[];
}

/**
 * Keeps examples in Markdown equal to code that is compiled: a block that begins with
 * ```ts source="./src/x.examples.ts#region" holds what stands in that region. `--check` only compares.
 */

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BLOCK = /```ts source="([^"#]+)#([\w-]+)"\n([\s\S]*?)```/g;

function readRegion(file: string, region: string): string {
  const text = readFileSync(file, 'utf8');
  const begin = new RegExp(`^[ \\t]*// #region ${region}\\n`, 'm').exec(text);
  const end = new RegExp(`^[ \\t]*// #endregion ${region}$`, 'm').exec(text);
  if (begin === null || end === null) throw new Error(`${file} has no region ${region}`);
  const lines = text
    .slice(begin.index + begin[0].length, end.index)
    .trimEnd()
    .split('\n');
  const indent = Math.min(
    ...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
  );
  return lines.map((line) => line.slice(indent)).join('\n');
}

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const name of globSync('{*.md,docs/**/*.md,packages/*/README.md,apps/*/README.md}', {
  cwd: ROOT,
})) {
  const file = join(ROOT, name);
  const text = readFileSync(file, 'utf8');
  const synced = text.replaceAll(
    BLOCK,
    (_block, source: string, region: string) =>
      `\`\`\`ts source="${source}#${region}"\n${readRegion(join(dirname(file), source), region)}\n\`\`\``,
  );
  if (synced === text) continue;
  stale.push(name);
  if (!check) writeFileSync(file, synced);
}
if (check && stale.length > 0) {
  process.stderr.write(`stale examples: ${stale.join(', ')}; run \`pnpm run snippets\`\n`);
  process.exitCode = 1;
}

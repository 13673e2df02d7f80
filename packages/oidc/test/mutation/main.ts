/**
 * Takes security checks away, one at a time, in a copy of the package, and tells which removals no
 * test notices. Run by `pnpm mutate`; arguments select mutations by file or name.
 */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLAIM_MUTATIONS } from './claim-mutations.ts';
import type { Mutation } from './mutation.ts';
import { PROVIDER_MUTATIONS } from './provider-mutations.ts';
import { TOKEN_MUTATIONS } from './token-mutations.ts';

const MUTATIONS = [...TOKEN_MUTATIONS, ...CLAIM_MUTATIONS, ...PROVIDER_MUTATIONS];

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const VITEST = join(PACKAGE, '../../node_modules/vitest/vitest.mjs');
/** What is published is no concern here, and real providers are slow and judge nothing else. */
const LEFT_OUT = ['package.test.ts', 'real'];
const PATIENCE = 120_000;

const CONFIG = `export default {
  resolve: { conditions: ['@thv/source'] },
  ssr: { resolve: { conditions: ['@thv/source'] } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 20_000 },
};
`;

async function makeCopy(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-'));
  for (const name of ['src', 'test', 'package.json', 'README.md']) {
    await cp(join(PACKAGE, name), join(folder, name), { recursive: true });
  }
  for (const name of LEFT_OUT) await rm(join(folder, 'test', name), { recursive: true });
  await symlink(join(PACKAGE, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'vitest.config.mjs'), CONFIG);
  return folder;
}

/** True when the tests pass. A run that does not end has noticed something. */
function passes(folder: string, filters: readonly string[]): Promise<boolean> {
  const run = ['run', '--root', folder, '--bail', '1', '--reporter', 'dot', ...filters];
  const child = spawn(process.execPath, [VITEST, ...run], {
    cwd: folder,
    stdio: 'ignore',
    timeout: PATIENCE,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
}

async function isNoticed(folder: string, mutation: Mutation): Promise<boolean> {
  const path = join(folder, 'src', mutation.file);
  const text = await readFile(path, 'utf8');
  if (text.split(mutation.search).length !== 2) {
    throw new Error(`${mutation.file}: "${mutation.name}" must fit exactly one place`);
  }
  try {
    await writeFile(
      path,
      text.replace(mutation.search, () => mutation.replacement),
    );
    return !(await passes(folder, mutation.tests)) || !(await passes(folder, []));
  } finally {
    await writeFile(path, text);
  }
}

const wanted = process.argv.slice(2);
const chosen = MUTATIONS.filter(
  ({ file, name }) =>
    wanted.length === 0 || wanted.some((text) => `${file}: ${name}`.includes(text)),
);
const folder = await makeCopy();
const survivors: string[] = [];
try {
  if (!(await passes(folder, []))) throw new Error('the tests fail before anything is changed');
  for (const mutation of chosen) {
    const label = `${mutation.file}: ${mutation.name}`;
    const noticed = await isNoticed(folder, mutation);
    console.log(`${noticed ? 'noticed ' : 'SURVIVED'} ${label}`);
    if (!noticed) survivors.push(label);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${chosen.length} checks removed, ${survivors.length} removals unnoticed`);
process.exitCode = survivors.length === 0 ? 0 : 1;

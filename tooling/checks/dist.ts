/**
 * Checks what would be published: publint finds nothing, root entries are neutral, and the tarballs
 * install and work in an empty folder outside of the workspace.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LIBRARIES = ['packages/oidc', 'packages/authz', 'packages/proxy'];
const APPS = ['apps/cli', 'apps/gateway'];
const problems: string[] = [];

for (const folder of LIBRARIES) {
  const text = readFileSync(join(ROOT, folder, 'dist/index.js'), 'utf8');
  const found = /from\s*["']node:|\bprocess\.\w|\bBuffer\b|setImmediate/.exec(text);
  if (found !== null) problems.push(`${folder}: its root entry is not neutral: ${found[0]}`);
}

const root = readFileSync(join(ROOT, 'packages/proxy/dist/index.js'), 'utf8');
if (root.includes('@opentelemetry/'))
  problems.push('packages/proxy: its root entry needs OpenTelemetry');

for (const folder of [...LIBRARIES, ...APPS]) {
  const { messages } = await publint({ pkgDir: join(ROOT, folder), strict: true, pack: false });
  for (const message of messages)
    problems.push(`${folder}: ${message.code} ${JSON.stringify(message.args)}`);
}

const folder = mkdtempSync(join(tmpdir(), 'thv-dist-'));
try {
  for (const name of [...LIBRARIES, ...APPS]) {
    execFileSync('pnpm', ['pack', '--pack-destination', folder], {
      cwd: join(ROOT, name),
      stdio: 'pipe',
    });
  }
  const tarballs = readdirSync(folder).map((name) => join(folder, name));
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs], {
    cwd: folder,
    stdio: 'pipe',
  });
  const smoke = `
    const [oidc, authz, proxy] = await Promise.all([import('@thv/oidc'), import('@thv/authz'), import('@thv/proxy')]);
    await Promise.all([import('@thv/oidc/node'), import('@thv/authz/node'), import('@thv/proxy/node')]);
    if (!oidc.createTokenValidator || !authz.createAuthorizer || !proxy.createProxy) throw new Error('exports');
  `;
  execFileSync(process.execPath, ['--input-type=module', '-e', smoke], {
    cwd: folder,
    stdio: 'pipe',
  });
  execFileSync(process.execPath, ['node_modules/@thv/cli/dist/bin.js', 'version'], {
    cwd: folder,
    stdio: 'pipe',
  });
} catch (error) {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  problems.push(
    `installed from tarballs: ${error instanceof Error ? error.message : error}\n${stderr}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(problems.length === 0 ? 'dist: ok\n' : `dist: ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

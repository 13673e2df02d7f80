import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveNpxCommand } from '../src/services/npx-package.ts';

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thv-npx-')));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function install(
  name: string,
  manifest: object | string,
  files: Record<string, string> = {},
) {
  const target = join(folder, 'node_modules', name);
  await mkdir(target, { recursive: true });
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  await writeFile(join(target, 'package.json'), text);
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(target, file), content);
  }
  return target;
}

function resolveCommand(packageName: string, version?: string, cwd = folder) {
  return resolveNpxCommand({ kind: 'npx', packageName, version, args: ['-x'] }, cwd);
}

describe('resolveNpxCommand', () => {
  it('leaves an unknown package to npx', async () => {
    const command = 'npx';
    expect(await resolveCommand('nope')).toEqual({ command, args: ['-y', 'nope', '-x'] });
    expect(await resolveCommand('@a/b', '1')).toEqual({ command, args: ['-y', '@a/b@1', '-x'] });
  });

  it('runs an installed package with this Node, from a folder below too', async () => {
    const target = await install('pkg', { version: '1.0.0', bin: 'cli.js' }, { 'cli.js': '' });
    const below = join(folder, 'a', 'b');
    await mkdir(below, { recursive: true });
    const expected = { command: process.execPath, args: [join(target, 'cli.js'), '-x'] };
    expect(await resolveCommand('pkg', undefined, below)).toEqual(expected);
    expect(await resolveCommand('pkg', '1.0.0')).toEqual(expected);
  });

  it('leaves another version than the installed one to npx', async () => {
    await install('pkg', { version: '1.0.0', bin: 'cli.js' }, { 'cli.js': '' });
    expect((await resolveCommand('pkg', '2.0.0')).command).toBe('npx');
    expect((await resolveCommand('pkg', 'latest')).command).toBe('npx');
  });

  it('chooses the command that is named like the package', async () => {
    const bin = { other: 'other.js', pkg: 'pkg.mjs' };
    const target = await install('@scope/pkg', { bin }, { 'pkg.mjs': '' });
    expect((await resolveCommand('@scope/pkg')).args[0]).toBe(join(target, 'pkg.mjs'));
  });

  it('looks at the first line of a file without a telling name', async () => {
    const files = { node: '#!/usr/bin/env node\n', shell: '#!/bin/sh\n' };
    const script = await install('script', { bin: { script: 'node' } }, files);
    const shell = await install('shell', { bin: { shell: 'shell' } }, files);
    expect(await resolveCommand('script')).toEqual({
      command: process.execPath,
      args: [join(script, 'node'), '-x'],
    });
    expect(await resolveCommand('shell')).toEqual({ command: join(shell, 'shell'), args: ['-x'] });
  });

  it.each([
    ['no command', { version: '1' }],
    ['several commands', { bin: { a: 'a.js', b: 'b.js' } }],
    ['a command elsewhere', { bin: '../../cli.js' }],
    ['a command of another type', { bin: { pkg: 7 } }],
    ['a broken manifest', '{'],
  ])('refuses a package with %s', async (_name, manifest) => {
    await install('pkg', manifest);
    await expect(resolveCommand('pkg')).rejects.toMatchObject({ exitCode: 2 });
  });

  it('finds a real server', async () => {
    const here = fileURLToPath(new URL('.', import.meta.url));
    const { command, args } = await resolveCommand(
      '@modelcontextprotocol/server-everything',
      undefined,
      here,
    );
    expect(command).toBe(process.execPath);
    expect(args[0]).toMatch(/server-everything\/dist\/index\.js$/);
  });
});

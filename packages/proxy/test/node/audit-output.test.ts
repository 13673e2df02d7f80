/** Audit lines on real files, a real full device and a real closed pipe. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAuditWriter } from '../../src/index.ts';
import { openAuditFile } from '../../src/node/index.ts';

const folders: string[] = [];
const temp = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'thv-audit-'));
  folders.push(folder);
  return folder;
};
afterEach(async () => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('openAuditFile', () => {
  it('makes the file, for the owner alone, and its folder, and appends', async () => {
    const file = join(await temp(), 'logs', 'a.audit.log');
    const first = await openAuditFile(file);
    await first.write(bytes('one\n'));
    await first.close();
    const second = await openAuditFile(file);
    await second.write(bytes('two\n'));
    await second.close();
    expect(await readFile(file, 'utf8')).toBe('one\ntwo\n');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
  });

  it('ends a line that an earlier process left half written', async () => {
    const file = join(await temp(), 'a.log');
    await writeFile(file, '{"time":"2026');
    const output = await openAuditFile(file);
    await output.write(bytes('next\n'));
    await output.close();
    expect(await readFile(file, 'utf8')).toBe('{"time":"2026\nnext\n');
  });

  it('begins a new file when the old one was moved or removed', async () => {
    const clock = vi.spyOn(performance, 'now');
    clock.mockReturnValue(0);
    const file = join(await temp(), 'a.log');
    const output = await openAuditFile(file);
    await output.write(bytes('one\n'));
    await rename(file, `${file}.1`);
    clock.mockReturnValue(1000);
    await output.write(bytes('two\n'));
    await rm(file);
    clock.mockReturnValue(2000);
    await output.write(bytes('three\n'));
    await output.close();
    expect(await readFile(`${file}.1`, 'utf8')).toBe('one\n');
    expect(await readFile(file, 'utf8')).toBe('three\n');
  });

  it.each([
    ['a folder', (folder: string) => folder, 'it is a folder'],
    ['below a file', (folder: string) => join(folder, 'plain', 'a.log'), 'ENOTDIR'],
  ])('says why it cannot be %s', async (_name, place, why) => {
    const folder = await temp();
    await writeFile(join(folder, 'plain'), '');
    await expect(openAuditFile(place(folder))).rejects.toMatchObject({
      code: 'ERR_PROXY_AUDIT',
      message: expect.stringContaining(why === 'ENOTDIR' ? 'a.log' : why),
    });
  });

  it('does not write to a named pipe', async () => {
    const pipe = join(await temp(), 'pipe');
    const made = spawn('mkfifo', [pipe]);
    await once(made, 'exit');
    await expect(openAuditFile(pipe)).rejects.toThrow('it is no file');
  });

  it.skipIf(process.getuid?.() === 0)('says that it is not permitted', async () => {
    const file = join(await temp(), 'a.log');
    await writeFile(file, '');
    await chmod(file, 0);
    await expect(openAuditFile(file)).rejects.toThrow('not permitted');
  });

  it('says when there is little room left, and when there is enough again', async () => {
    const clock = vi.spyOn(performance, 'now');
    clock.mockReturnValue(0);
    const file = join(await temp(), 'a.log');
    const full = createAuditWriter({
      output: await openAuditFile(file, { leastFree: Number.MAX_SAFE_INTEGER }),
    });
    await expect(full.ready()).rejects.toThrow('the disk is nearly full');
    await expect(full.ready()).rejects.toThrow('the disk is nearly full');
    // What is under way is still written.
    await full.write({} as never);
    const roomy = createAuditWriter({ output: await openAuditFile(file, { leastFree: 1 }) });
    expect(await roomy.ready()).toBeUndefined();
    expect(roomy.ready()).toBeUndefined();
    expect(await full.close()).toBe(0);
    expect(await roomy.close()).toBe(0);
  });

  it.skipIf(!existsSync('/dev/full'))('fails on a full device, through the writer', async () => {
    const sink = createAuditWriter({ output: await openAuditFile('/dev/full') });
    await expect(sink.write({} as never)).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(sink.ready()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await sink.close()).toBe(1);
  });
});

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readLog } from '../src/workloads/read-log.ts';
import { createRotatingLog } from '../src/workloads/rotating-log.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const now = () => new Date(0);
const TIME = '1970-01-01T00:00:00.000Z';

describe('a log', () => {
  it('is for its owner, says when, and stays below its size', () => {
    const path = join(folder.path, 'a.log');
    const log = createRotatingLog({ path, maxBytes: 100, keep: 2, now });
    for (const word of ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']) {
      log.write(word);
    }
    log.close();
    expect(readFileSync(path, 'utf8')).toBe(`${TIME} seven\n${TIME} eight\n${TIME} nine\n`);
    expect(readFileSync(`${path}.1`, 'utf8')).toBe(`${TIME} four\n${TIME} five\n${TIME} six\n`);
    expect(readFileSync(`${path}.2`, 'utf8')).toContain('three');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => statSync(`${path}.3`)).toThrow();
  });

  it('goes on in a new file when somebody deletes it', () => {
    const path = join(folder.path, 'b.log');
    const log = createRotatingLog({ path, now });
    log.write('one');
    rmSync(path);
    log.write('two');
    log.close();
    expect(readFileSync(path, 'utf8')).toBe(`${TIME} two\n`);
  });

  it('loses lines rather than its server, and says how many', () => {
    const path = join(folder.path, 'inner', 'c.log');
    mkdirSync(dirname(path));
    const log = createRotatingLog({ path, now });
    rmSync(dirname(path), { recursive: true });
    log.write('lost');
    log.write('lost');
    mkdirSync(dirname(path));
    log.write('found');
    log.close();
    expect(readFileSync(path, 'utf8')).toBe(
      `${TIME} (2 lines could not be written)\n${TIME} found\n`,
    );
  });
});

describe('readLog', () => {
  it('reads to the end, whole characters and the last line too', async () => {
    const path = join(folder.path, 'd.log');
    const long = 'ü'.repeat(70_000);
    writeFileSync(path, `x${long}\nlast`);
    let text = '';
    const found = await readLog({
      path,
      follow: false,
      signal: new AbortController().signal,
      onText: (more) => {
        text += more;
      },
    });
    expect(found).toBe(true);
    expect(text).toBe(`x${long}\nlast`);
  });

  it('follows over rotation and loses nothing', async () => {
    const path = join(folder.path, 'e.log');
    const stopped = new AbortController();
    let text = '';
    const following = readLog({
      path,
      follow: true,
      signal: stopped.signal,
      onText: (more) => {
        text += more;
      },
    });
    const log = createRotatingLog({ path, maxBytes: 100, now });
    for (let line = 1; line <= 12; line += 1) {
      log.write(`line ${line}`);
      await vi.waitFor(() => expect(text).toMatch(new RegExp(`line ${line}\\n$`)));
    }
    log.close();
    stopped.abort();
    await following;
    expect(text.split('\n').slice(0, -1)).toEqual(
      Array.from({ length: 12 }, (_, at) => `${TIME} line ${at + 1}`),
    );
  });

  it('says that there is nothing', async () => {
    const path = join(folder.path, 'none.log');
    const { signal } = new AbortController();
    expect(await readLog({ path, follow: false, signal, onText: () => undefined })).toBe(false);
  });
});

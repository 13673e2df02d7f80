/** Ctrl-C while an image is downloaded: nothing is waited for, and the download ends too. */
import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { identify } from '../src/workloads/process-identity.ts';
import { startThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

/** An engine that has no image, and whose downloads never end. */
const ENGINE = `#!/bin/sh
case $1 in
  image) exit 1 ;;
  pull) echo "$$" > "$HOME/pulling"; exec sleep 600 ;;
esac
`;
const folder = useTempFolder({ podman: ENGINE });

describe.skipIf(process.platform === 'win32')('thv run -f IMAGE, while it is pulled', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends both', async (signal) => {
    await chmod(join(folder.path, 'podman'), 0o755);
    await rm(join(folder.path, 'pulling'), { force: true });
    const thv = startThv(['run', '-f', '--engine', 'podman', 'registry.invalid/x/y:1'], {
      env: { HOME: folder.path, PATH: `${folder.path}:${process.env['PATH']}` },
    });
    await vi.waitFor(() => expect(thv.said.err).toContain('podman pulls'), { timeout: 15_000 });
    const pid = await vi.waitFor(async () => {
      const text = await readFile(join(folder.path, 'pulling'), 'utf8');
      expect(text).toMatch(/^\d+\n$/);
      return Number(text);
    });
    expect(await identify(pid, '')).toBeDefined();
    thv.child.kill(signal);
    const { code } = await thv.finished;
    expect(code).toBe(0);
    await vi.waitFor(async () => expect(await identify(pid, '')).toBeUndefined());
  });
});

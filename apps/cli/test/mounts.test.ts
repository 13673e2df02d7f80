/** File systems in a folder that should be read-only. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readMountPoints } from '../src/containers/mounts.ts';
import { BIN } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({ 'data/deep/er/x': '' });

describe('readMountPoints', () => {
  it('reads the column of mount points, with spaces', () => {
    const table = [
      '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      '31 22 0:27 / /media/a\\040b\\134c rw,nosuid shared:1 - tmpfs tmpfs rw',
      '',
    ].join('\n');
    expect(readMountPoints(table)).toEqual(['/', '/media/a b\\c']);
  });
});

/** In a namespace of its own, so that nobody else sees what it mounts. */
const ALONE = ['-r', '-m', 'sh', '-c'];
const mayMount = await promisify(execFile)('unshare', [...ALONE, 'mount -t tmpfs x /mnt']).then(
  () => true,
  () => false,
);

describe.skipIf(!mayMount)(
  `a volume that holds a mount${mayMount ? '' : ' (skipped: may not mount)'}`,
  () => {
    it.each([
      [
        'data:/x:ro',
        /data holds another file system, .*data\/deep\/er, which would not be read-only/,
      ],
      ['data/deep/er:/x:ro', /is installed here/],
      ['data:/x', /is installed here/],
    ])('%s', async (volume, message) => {
      const script = 'mount -t tmpfs x data/deep/er && PATH=/nothing exec "$@"';
      const thv = [process.execPath, '--conditions=@thv/source', BIN, 'run', '-f'];
      const ran = promisify(execFile)(
        'unshare',
        [...ALONE, script, 'sh', ...thv, '--volume', volume, 'localhost/x:1'],
        { cwd: folder.path },
      );
      await expect(ran).rejects.toThrow(message);
    });
  },
);

/** Makes `thv` a command of the shell, for what a page or a help text tells people to type. */
import { chmod } from 'node:fs/promises';
import { BIN } from './spawn-thv.ts';
import type { TempFolder } from './temp-folder.ts';

/** The environment in which a shell finds it. */
export async function putThvOnPath(folder: TempFolder): Promise<Readonly<Record<string, string>>> {
  const node = process.execPath;
  await folder.write({
    'bin/thv': `#!/bin/sh\nexec '${node}' --conditions=@thv/source '${BIN}' "$@"\n`,
  });
  await chmod(`${folder.path}/bin/thv`, 0o755);
  return { PATH: `${folder.path}/bin:${process.env['PATH']}` };
}

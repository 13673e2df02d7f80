/** What of the containers of others is removed, with scripts in an engine's place. */
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENGINES, findEngine } from '../src/containers/engine.ts';
import { describeOwner } from '../src/containers/owner.ts';
import { removeRemains } from '../src/containers/remains.ts';
import { useTempFolder } from './temp-folder.ts';

/** Has the containers that are files in `containers`, each with its label in it. */
const ENGINE = `#!/bin/sh
cd "$HOME/containers" || exit 1
case $1 in
  ps) ls ;;
  inspect) cat "$4" ;;
  rm) echo "$@" > "$HOME/removed" ;;
esac
`;
const DEAD = 'a'.repeat(64);
const ALIVE = 'b'.repeat(64);
const UNREADABLE = 'c'.repeat(64);
const ELSEWHERE = 'd'.repeat(64);
const folder = useTempFolder({ podman: ENGINE, docker: ENGINE, 'containers/x': '' });

describe.skipIf(process.platform === 'win32')('removeRemains', () => {
  it.each(ENGINES)('of %s removes what a dead thv left, with its volumes', async (name) => {
    const mine = await describeOwner();
    const owner = (more: object) => {
      const identity = JSON.parse(Buffer.from(mine, 'base64url').toString());
      return Buffer.from(JSON.stringify({ ...identity, ...more })).toString('base64url');
    };
    await folder.write({
      [`containers/${DEAD}`]: owner({ start: '1' }),
      [`containers/${ALIVE}`]: mine,
      [`containers/${UNREADABLE}`]: '',
      [`containers/${ELSEWHERE}`]: owner({ start: '1', place: 'another machine' }),
    });
    await chmod(join(folder.path, name), 0o755);
    const PATH = `${folder.path}:${process.env['PATH']}`;
    const engine = await findEngine(name, { HOME: folder.path, PATH });
    expect(await removeRemains(engine)).toEqual([DEAD]);
    expect(await readFile(join(folder.path, 'removed'), 'utf8')).toMatch(
      new RegExp(`^rm --force --volumes (--time 0 )?${DEAD}\n$`),
    );
  });
});

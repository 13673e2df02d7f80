/** Where the control socket of a workload is: paths of sockets may only be short. */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateFolder, type StateFolders, toStateError } from './state-folders.ts';

/** 108 bytes on Linux, 104 elsewhere, with the zero at the end. */
const MAX_BYTES = 103;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * In the state folder if its path is short enough, else in the first folder of this user that is:
 * the runtime folder, or one below the temporary folder that nobody else can enter.
 */
export async function prepareSocketPath(
  folders: StateFolders,
  name: string,
  env: Environment,
): Promise<string> {
  const inState = join(folders.sockets, `${digest(name)}.sock`);
  if (isShort(inState)) {
    return inState;
  }
  const file = `${digest(`${folders.root}\0${name}`)}.sock`;
  const user = process.getuid?.() ?? 'user';
  const runtime = env['XDG_RUNTIME_DIR'];
  const folder = [
    ...(runtime?.startsWith('/') ? [join(runtime, 'thv')] : []),
    join(tmpdir(), `thv-${user}`),
    `/tmp/thv-${user}`,
  ].find((candidate) => isShort(join(candidate, file)));
  if (folder === undefined) {
    throw toStateError(Object.assign(new Error(), { code: 'ENAMETOOLONG' }), folders.root);
  }
  await createPrivateFolder(folder).catch((error: unknown) => {
    throw toStateError(error, folder);
  });
  return join(folder, file);
}

function isShort(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_BYTES;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

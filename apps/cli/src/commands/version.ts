/** `thv version` */
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { toJsonLine } from '../output/json-line.ts';
import { loadVersion } from '../version.ts';

export async function printVersion(io: Io, format: 'text' | 'json'): Promise<ExitCode> {
  const version = await loadVersion();
  const node = process.versions.node;
  const platform = `${process.platform}/${process.arch}`;
  io.out(
    format === 'json'
      ? toJsonLine({ version, node, platform })
      : `thv ${version} (Node.js ${node}, ${platform})\n`,
  );
  return EXIT.done;
}

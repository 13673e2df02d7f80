/** `thv version` */
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { loadVersion } from '../version.ts';

export async function printVersion(io: Io, format: 'text' | 'json'): Promise<ExitCode> {
  const version = await loadVersion();
  const node = process.versions.node;
  const platform = `${process.platform}/${process.arch}`;
  io.out(
    format === 'json'
      ? `${JSON.stringify({ version, node, platform })}\n`
      : `thv ${version} (Node.js ${node}, ${platform})\n`,
  );
  return EXIT.done;
}

/** From a file name to a checked configuration. */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { type GatewayConfig, readGatewayConfig } from './config.ts';
import { GatewayConfigError } from './config-error.ts';

/**
 * Loads a configuration file, YAML or JSON.
 *
 * @throws GatewayConfigError naming the file and the place in it
 */
export async function loadGatewayConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<GatewayConfig> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new GatewayConfigError(`${file}: cannot be read (${error.code ?? 'unknown reason'})`);
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new GatewayConfigError(`${file}:${line}:${col}: ${problem.message.split('\n', 1)[0]}`);
  }
  try {
    return readGatewayConfig(document.toJS(), { folder: dirname(resolve(file)), env });
  } catch (error) {
    if (!(error instanceof GatewayConfigError)) throw error;
    throw new GatewayConfigError(`${file}: ${error.message}`);
  }
}

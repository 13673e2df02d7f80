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
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new GatewayConfigError(`${file}: cannot be read (${error.code ?? 'unknown reason'})`);
  });
  const text = decode(bytes, file);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    ...{ lineCounter: lines, uniqueKeys: true },
    // The place is said in our own way.
    prettyErrors: false,
  });
  const [problem = document.warnings[0]] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new GatewayConfigError(`${file}:${line}:${col}: ${problem.message.split('\n', 1)[0]}`);
  }
  const value = toValue(document, file);
  try {
    return readGatewayConfig(value, { folder: dirname(resolve(file)), env });
  } catch (error) {
    if (!(error instanceof GatewayConfigError)) throw error;
    throw new GatewayConfigError(`${file}: ${error.message}`);
  }
}

/** A byte that is replaced would be another audience, name or path. */
function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new GatewayConfigError(`${file}: is not UTF-8 text`);
  }
}

function toValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // An alias without its anchor, or more of them than a file for people has.
    const why = error instanceof Error ? error.message : String(error);
    throw new GatewayConfigError(`${file}: ${why}`);
  }
}

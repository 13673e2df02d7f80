/** Text is UTF-8 or refused: a byte that is replaced would be another name, claim or secret. Pure. */
import { usageError } from './cli-error.ts';

/** @throws {CliError} with exit code 2. */
export function decodeText(bytes: Uint8Array, what: string, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(what, `${where} is not UTF-8 text`, 'save it as UTF-8');
  }
}

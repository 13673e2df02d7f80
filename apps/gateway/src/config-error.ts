/** What is wrong with a gateway configuration, and how to mend it. */

/** Thrown for a file that cannot be used; the message names the place. */
export class GatewayConfigError extends Error {
  override readonly name: string = 'GatewayConfigError';
}

/** The error for the value at `path`. */
export function configError(path: string, problem: string): GatewayConfigError {
  return new GatewayConfigError(path === '' ? problem : `${path}: ${problem}`);
}

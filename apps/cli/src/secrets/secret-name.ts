/** Names of secrets, and the variables that stand for them. Pure. */
import { usageError } from '../cli-error.ts';
import { VARIABLE_NAME } from '../services/variable-name.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** @throws {CliError} with exit code 2; the text is not repeated, since it may be the value. */
export function checkSecretName(what: string, text: string): string {
  if (!NAME.test(text)) {
    throw usageError(what, 'is not a name of a secret', 'use letters, digits and . _ - only');
  }
  return text;
}

/** `github-token` → `THV_SECRET_GITHUB_TOKEN`. */
export function secretVariable(name: string): string {
  return `THV_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/** Where the value of a secret goes. */
export interface SecretBinding {
  readonly secret: string;
  readonly variable: string;
}

/** `NAME,target=VARIABLE`. @throws {CliError} with exit code 2 */
export function parseSecretBinding(text: string): SecretBinding {
  const [, secret, variable] = /^([^,]*),target=(.*)$/.exec(text) ?? [];
  if (secret === undefined || variable === undefined) {
    throw usageError('--secret', 'is not NAME,target=VARIABLE', 'see thv secret list for names');
  }
  if (!VARIABLE_NAME.test(variable)) {
    throw usageError('--secret', 'its target is not a variable', 'use letters, digits and _');
  }
  return { secret: checkSecretName('--secret', secret), variable };
}

/** Gathers the variables that a server is given: from its catalogue entry, files, flags and secrets. */
import type { CatalogueEntry } from '../catalogue/catalogue.ts';
import { usageError } from '../cli-error.ts';
import { parseSecretBinding, type SecretBinding } from '../secrets/secret-name.ts';
import { resolveSecrets, type SecretIo } from '../secrets/secret-source.ts';
import { readEnvFiles } from './env-file.ts';
import { assertNotGiven } from './idle-flags.ts';
import type { ServerChoice } from './server-argument.ts';
import { VARIABLE_NAME } from './variable-name.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The flags of `thv run` about variables. */
export interface VariableFlags {
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  /** `NAME,target=VARIABLE`. */
  readonly secret?: readonly string[];
}

/** Where variables come from. */
export interface VariablePlan {
  /** `KEY=VALUE`, or `KEY` for the value that thv itself has. */
  readonly env: readonly string[];
  readonly envFiles: readonly string[];
  /** References: the values are read at every start. */
  readonly secrets: readonly SecretBinding[];
  readonly entry: CatalogueEntry | undefined;
}

export const NO_VARIABLES: VariablePlan = { env: [], envFiles: [], secrets: [], entry: undefined };

/** @throws {CliError} with exit code 2, for a server that has no environment. */
export function planVariables(flags: VariableFlags, { server, entry }: ServerChoice): VariablePlan {
  if (server.kind === 'url') {
    assertNotGiven(
      [
        ['--env', flags.env],
        ['--env-file', flags.envFile],
        ['--secret', flags.secret],
      ],
      'a URL has no environment',
      'leave it out',
    );
  }
  const { env = [], envFile = [], secret = [] } = flags;
  const secrets = secret.map(parseSecretBinding);
  assertOnce([...env.map(nameOf), ...secrets.map(({ variable }) => variable)]);
  return { env, envFiles: envFile, secrets, entry };
}

/** Two values for one variable: whoever gives both expects both to count (D1). */
function assertOnce(names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined && VARIABLE_NAME.test(twice)) {
    throw usageError('--env and --secret', `${twice} is given twice`, 'drop one');
  }
}

function nameOf(declaration: string): string {
  const at = declaration.indexOf('=');
  return at < 0 ? declaration : declaration.slice(0, at);
}

/**
 * Later ones win: defaults of the catalogue, files in their order, then `-e` and `--secret`, of which
 * there is one for each variable.
 *
 * @throws {CliError} with exit code 2, also when a variable is missing that the server must have.
 */
export async function readServerVariables(
  { env, envFiles, secrets, entry }: VariablePlan,
  io: SecretIo,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { name, default: fallback } of entry?.variables ?? []) {
    if (fallback !== undefined) {
      found.set(name, fallback);
    }
  }
  for (const [name, value] of await readEnvFiles(envFiles, io.cwd)) {
    found.set(name, value);
  }
  for (const declaration of env) {
    const [name, value] = parseDeclaration(declaration, io.env);
    found.set(name, value);
  }
  const names = [...new Set(secrets.map(({ secret }) => secret))];
  const values = await resolveSecrets(names, io);
  for (const { secret, variable } of secrets) {
    found.set(variable, values.get(secret) ?? '');
  }
  assertComplete(entry, found);
  return found;
}

function parseDeclaration(
  declaration: string,
  parent: Environment,
): readonly [name: string, value: string] {
  const at = declaration.indexOf('=');
  const name = nameOf(declaration);
  if (!VARIABLE_NAME.test(name)) {
    // Without "=" the text may be a value that lost its name, so it is not repeated.
    throw usageError('--env', 'is not KEY=VALUE', 'use letters, digits and _ in KEY');
  }
  const value = at < 0 ? parent[name] : declaration.slice(at + 1);
  if (value === undefined) {
    throw usageError('--env', `${name} is not set here`, `set it, or write ${name}=VALUE`);
  }
  return [name, value];
}

function assertComplete(
  entry: CatalogueEntry | undefined,
  found: ReadonlyMap<string, string>,
): void {
  const missing = entry?.variables.filter(
    ({ name, required }) => required && (found.get(name) ?? '') === '',
  );
  const [first] = missing ?? [];
  if (entry === undefined || missing === undefined || first === undefined) {
    return;
  }
  const texts = missing.map(({ name, description }) =>
    description === '' ? name : `${name} (${description})`,
  );
  throw usageError(
    entry.name,
    `needs ${texts.join(', ')}`,
    first.secret
      ? `keep it with: thv secret set NAME, and add --secret NAME,target=${first.name}`
      : `add -e ${first.name}=VALUE`,
  );
}

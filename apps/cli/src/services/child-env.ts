/** The environment of a server's process: what any program needs, and what the user declared. Pure. */
import { usageError } from '../cli-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Nothing else of thv's own environment reaches the server: it is full of other people's secrets. */
const PASSED_ON = /^(PATH|HOME|LANG|LC_\w+|TMPDIR)$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @param declared `KEY=VALUE`, or `KEY` for the value that thv itself has. */
export function buildChildEnv(
  parent: Environment,
  declared: readonly string[],
): Readonly<Record<string, string>> {
  const env = new Map<string, string>();
  for (const [key, value] of Object.entries(parent)) {
    if (value !== undefined && PASSED_ON.test(key)) {
      env.set(key, value);
    }
  }
  for (const declaration of declared) {
    const [key, value] = parseDeclaration(declaration, parent);
    env.set(key, value);
  }
  return Object.fromEntries(env);
}

function parseDeclaration(declaration: string, parent: Environment): readonly [string, string] {
  const at = declaration.indexOf('=');
  const key = at < 0 ? declaration : declaration.slice(0, at);
  if (!VARIABLE.test(key)) {
    // Without "=" the text may be a value that lost its name, so it is not repeated.
    throw usageError('--env', 'is not KEY=VALUE', 'use letters, digits and _ in KEY');
  }
  const value = at < 0 ? parent[key] : declaration.slice(at + 1);
  if (value === undefined) {
    throw usageError('--env', `${key} is not set here`, `set it, or write ${key}=VALUE`);
  }
  return [key, value];
}

/** Where a user keeps what belongs to programs: the base directories of XDG. Pure. */
import { isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * thv's own folder there; undefined when this user has no such place. XDG: a relative path does not
 * count.
 *
 * @param variable such as `XDG_CONFIG_HOME`
 * @param fallback where it is below the home directory, without the variable
 */
export function findUserFolder(
  env: Environment,
  variable: string,
  fallback: string,
): string | undefined {
  const { [variable]: base, HOME: home } = env;
  if (base !== undefined && isAbsolute(base)) {
    return join(base, 'thv');
  }
  return home !== undefined && isAbsolute(home) ? join(home, fallback, 'thv') : undefined;
}

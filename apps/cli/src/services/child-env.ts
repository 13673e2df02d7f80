/** The environment of a server's process: what any program needs, and what it was given. Pure. */

type Environment = Readonly<Record<string, string | undefined>>;

/** Nothing else of thv's own environment reaches the server: it is full of other people's secrets. */
const PASSED_ON = /^(PATH|HOME|LANG|LC_\w+|TMPDIR)$/;

/** @param variables what the server is given besides; they win. */
export function buildChildEnv(
  parent: Environment,
  variables: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  const env = new Map<string, string>();
  for (const [key, value] of Object.entries(parent)) {
    if (value !== undefined && PASSED_ON.test(key)) {
      env.set(key, value);
    }
  }
  for (const [key, value] of variables) {
    env.set(key, value);
  }
  return Object.fromEntries(env);
}

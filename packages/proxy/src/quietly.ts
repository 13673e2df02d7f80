/** Whoever is told something must not take down with them what they are told of. */

/** The function; a log that fails takes no request down with it, and no process. */
export function quietly<A extends readonly unknown[]>(
  tell: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      const told: unknown = tell(...args);
      // A function that waits for something is accepted where one that gives nothing is asked for.
      if (told instanceof Promise) told.catch(() => undefined);
    } catch {
      // There is nobody else to tell.
    }
  };
}

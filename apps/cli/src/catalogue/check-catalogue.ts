/** Looks at every entry of a catalogue, as running each of them would. Pure. */
import { CliError } from '../cli-error.ts';
import { chooseServer } from '../services/server-argument.ts';
import type { Catalogue } from './catalogue.ts';

/** What is wrong with the entries that cannot be used, in the order of their names. */
export function findUnusable(catalogue: Catalogue): readonly CliError[] {
  return catalogue.names.flatMap((name) => {
    try {
      chooseServer(name, undefined, catalogue);
      return [];
    } catch (error) {
      if (!(error instanceof CliError)) {
        throw error;
      }
      const { what, why, wayOut, exitCode } = error;
      return what.startsWith(catalogue.source)
        ? [error]
        : new CliError({
            exitCode,
            what: `${catalogue.source}: ${name}`,
            why: `${what} ${why}`,
            wayOut,
          });
    }
  });
}

/** Chooses where the name of a server is looked up. */
import type { Io } from '../io.ts';
import type { Log } from '../log.ts';
import { joinCatalogues } from './both-catalogues.ts';
import { loadBuiltInCatalogue } from './built-in.ts';
import { type Catalogue, isCatalogueName } from './catalogue.ts';
import { readCatalogue } from './parse-catalogue.ts';

export interface NamedRun {
  readonly server?: string | undefined;
  /** What the name stood for when the run was saved. */
  readonly catalogue?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * For a new run: the entry that came with it, else the user's registry and the built-in catalogue. The
 * registry is read only for what may be a name.
 *
 * @throws {CliError} when there is a registry that cannot be read: without it a name might mean
 *   another server.
 */
export async function chooseCatalogue(run: NamedRun, io: Io, log: Log): Promise<Catalogue> {
  if (run.catalogue !== undefined || run.server === undefined || !isCatalogueName(run.server)) {
    return savedCatalogue(run);
  }
  const { readSettings } = await import('../settings/settings-file.ts');
  const { registry } = await readSettings(io.env);
  if (registry === undefined) {
    return loadBuiltInCatalogue();
  }
  const { loadRegistry } = await import('../registry/load-registry.ts');
  return joinCatalogues(await loadRegistry(registry, io.env, log), loadBuiltInCatalogue());
}

/** For a saved run: what the name stood for then, whatever the registry says by now. */
export function savedCatalogue({ catalogue }: NamedRun): Catalogue {
  return catalogue === undefined
    ? loadBuiltInCatalogue()
    : readCatalogue(catalogue, 'the catalogue of this run');
}

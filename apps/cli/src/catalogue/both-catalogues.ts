/** The user's registry before the built-in catalogue. Pure. */
import type { Catalogue } from './catalogue.ts';

/**
 * One catalogue of two. An entry of the first hides the one of the same name in the second, also when
 * it cannot be used: another server than the one that was meant would be worse than none.
 */
export function joinCatalogues(registry: Catalogue, builtIn: Catalogue): Catalogue {
  const own = new Set(registry.names);
  return {
    source: `${registry.source}, like ${builtIn.source},`,
    names: [...new Set([...registry.names, ...builtIn.names])].toSorted(),
    find(name) {
      if (!own.has(name)) {
        return builtIn.find(name);
      }
      const entry = registry.find(name);
      const hidden = builtIn.find(name);
      const instead = hidden === undefined ? '' : `, instead of ${hidden.server}`;
      return entry && { ...entry, origin: `${registry.source}${instead}` };
    },
  };
}

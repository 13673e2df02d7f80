/** `thv config set-registry|get-registry|unset-registry`. */

import { loadBuiltInCatalogue } from '../catalogue/built-in.ts';
import { findUnusable } from '../catalogue/check-catalogue.ts';
import { usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { toJsonLine } from '../output/json-line.ts';
import { readRegistry } from '../registry/load-registry.ts';
import { forgetCached } from '../registry/registry-cache.ts';
import { parseRegistryPlace } from '../registry/registry-place.ts';
import { changeSetting, readSettings } from '../settings/settings-file.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface ConfigFlags extends GlobalFlags {
  readonly allowUnusable?: true;
  readonly format?: Format;
}

/** Nothing is set unless the registry can be read, and every entry of it be used. */
export async function setRegistry(text: string, flags: ConfigFlags, io: Io): Promise<ExitCode> {
  const log = createLog(io, flags);
  const place = parseRegistryPlace(text, io.cwd);
  const { registry: before } = await readSettings(io.env);
  const catalogue = await readRegistry(place, io.env, log);
  const unusable = findUnusable(catalogue);
  const [first] = unusable;
  if (first !== undefined && flags.allowUnusable !== true) {
    const more = unusable.length > 1 ? ` (and ${unusable.length - 1} more)` : '';
    throw usageError(
      first.what,
      `${first.why}${more}`,
      `${first.wayOut === undefined ? '' : `${first.wayOut} — or `}take the rest with --allow-unusable`,
    );
  }
  if (unusable.length === catalogue.names.length) {
    throw usageError(place.shown, 'has no server that this thv can use');
  }
  await changeSetting('registry', place.kind === 'file' ? place.path : place.url.href, io.env);
  for (const { what, why } of unusable) {
    log({ level: 'warn', message: `${what}: ${why}` });
  }
  const usable = catalogue.names.length - unusable.length;
  const count = usable === 1 ? '1 server' : `${usable} servers`;
  log({ level: 'info', message: `registry set: ${count} from ${place.shown}` });
  const builtIn = new Set(loadBuiltInCatalogue().names);
  const hiding = catalogue.names.filter((name) => builtIn.has(name));
  if (hiding.length > 0) {
    const message = `these come before built-in ones of that name: ${hiding.join(', ')}`;
    log({ level: 'info', message });
  }
  if (before !== undefined) {
    await forget(before, place.kind === 'url' ? place.url.href : undefined, io);
  }
  return EXIT.done;
}

export async function getRegistry(flags: ConfigFlags, io: Io): Promise<ExitCode> {
  const { registry } = await readSettings(io.env);
  if (flags.format === 'json') {
    io.out(toJsonLine({ registry: registry ?? null }));
  } else if (registry === undefined) {
    createLog(io, flags)({ level: 'info', message: NONE });
  } else {
    io.out(`${registry}\n`);
  }
  return EXIT.done;
}

export async function unsetRegistry(flags: ConfigFlags, io: Io): Promise<ExitCode> {
  const log = createLog(io, flags);
  const { registry } = await readSettings(io.env);
  if (registry === undefined) {
    log({ level: 'info', message: NONE });
    return EXIT.done;
  }
  await changeSetting('registry', undefined, io.env);
  await forget(registry, undefined, io);
  log({
    level: 'info',
    message: 'the registry is forgotten; names are those of the built-in catalogue',
  });
  return EXIT.done;
}

const NONE = 'no registry is set; names are those of the built-in catalogue';

/** The copy of a registry that is not used any more. */
async function forget(registry: string, kept: string | undefined, io: Io): Promise<void> {
  const url = URL.parse(registry);
  if (url !== null && url.href !== kept) {
    // What is left of it is never read for another URL.
    await forgetCached(url, io.env).catch(() => undefined);
  }
}

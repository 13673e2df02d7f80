/** Volumes that would hand over the engine itself, wherever it is on this machine. */
import { realpath } from 'node:fs/promises';
import { usageError } from '../cli-error.ts';
import { type Engine, findPlaces } from './engine.ts';
import { isInside } from './paths.ts';
import type { Volume } from './volumes.ts';

/**
 * Sockets are found by name where they usually are; this asks the engine, which may have been told to
 * use others.
 *
 * @param volumes with their links followed
 * @throws {CliError} with exit code 2, or 1 when the engine does not say
 */
export async function refuseEnginePlaces(
  engine: Engine,
  volumes: readonly Volume[],
): Promise<void> {
  if (volumes.length === 0) {
    return;
  }
  const places = await Promise.all(
    (await findPlaces(engine)).map((path) =>
      // A place of another machine, or of the virtual machine of this one.
      realpath(path).catch(() => path),
    ),
  );
  for (const { source } of volumes) {
    const place = places.find((path) => isInside(path, source) || isInside(source, path));
    if (place !== undefined) {
      throw usageError(
        '--volume',
        `${source} would give a container engine away, which has ${place}`,
        'mount another folder',
      );
    }
  }
}

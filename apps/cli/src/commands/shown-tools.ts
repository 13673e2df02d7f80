/** What a server in the background shows, in the names of the server itself: those that policies know. */
import type { ToolOptions } from '@thv/proxy';
import type { Io } from '../io.ts';
import type { Log } from '../log.ts';
import type { ServerOffer } from '../services/server-offer.ts';
import { readToolChoice } from '../services/tools-override.ts';
import { findWorkload } from '../workloads/find-workload.ts';
import { toArguments } from '../workloads/saved-run.ts';
import { parseRunArguments } from './run-arguments.ts';

export interface ShownContext {
  readonly io: Io;
  readonly log: Log;
}

/** Turns renamed tools back, by what the server was started with. */
export async function toServerNames(
  offer: ServerOffer,
  name: string,
  context: ShownContext,
): Promise<ServerOffer> {
  const { override = {}, only } = await readShownTools(name, context);
  const realOf = new Map(
    Object.entries(override).flatMap(([real, { name: shown }]) =>
      shown === undefined ? [] : [[shown, real] as const],
    ),
  );
  return {
    ...offer,
    tools: offer.tools.map((shown) => realOf.get(shown) ?? shown),
    hidesTools: only !== undefined,
  };
}

async function readShownTools(name: string, { io, log }: ShownContext): Promise<ToolOptions> {
  const { record } = await findWorkload(name, io, log);
  const { workingDirectory } = record.run;
  const { tools, toolsOverride } = parseRunArguments(toArguments(record.run, []), io).flags;
  try {
    const choice = { tools, toolsOverrideFile: toolsOverride };
    return (await readToolChoice(choice, workingDirectory)) ?? {};
  } catch (error) {
    // It has been moved since; the server runs on without it.
    const why = error instanceof Error ? error.message : String(error);
    const message = `tools are compared as ${name} calls them, which policies do not: ${why}`;
    log({ level: 'warn', message });
    return {};
  }
}

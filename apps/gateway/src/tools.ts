/** The keys `tools` and `tools_override` of a server. */

import { assertToolOptions, type ToolOptions, type ToolOverride } from '@thv/proxy';
import { configError } from './config-error.ts';
import { type Fields, join, readMap, readObject, readText, readTexts } from './config-reader.ts';

/**
 * Which tools callers of a server see; undefined when nothing is said.
 *
 * @throws GatewayConfigError, also for names that contradict each other
 */
export function readTools(fields: Fields, path: string): ToolOptions | undefined {
  const [only, override] = [fields.get('tools'), fields.get('tools_override')];
  if (only === undefined && override === undefined) return undefined;
  const options: ToolOptions = {
    ...(only !== undefined && { only: readTexts(only, join(path, 'tools')) }),
    ...(override !== undefined && { override: readOverrides(override, join(path, OVERRIDE)) }),
  };
  try {
    assertToolOptions(options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw configError(path, inKeys(error.message));
  }
  return options;
}

const OVERRIDE = 'tools_override';

function readOverrides(value: unknown, path: string): Record<string, ToolOverride> {
  return Object.fromEntries(
    [...readMap(value, path)].map(([real, change]) => {
      const at = join(path, real);
      const members = readObject(change, at, ['name', 'description']);
      for (const [key, text] of members) readText(text, join(at, key));
      // Texts, as has just been checked.
      return [real, Object.fromEntries(members) as ToolOverride];
    }),
  );
}

/** A message about options, in the keys of the file. */
function inKeys(message: string): string {
  return message.replace('"tools.only"', 'tools').replace('"tools.override"', OVERRIDE);
}

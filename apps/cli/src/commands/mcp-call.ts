/** `thv mcp call`: calls a tool and prints its result. */
import { usageError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { withProgress } from '../output/progress.ts';
import { renderToolResult } from '../output/tool-result.ts';
import { planConnection, type ServerFlags } from '../services/mcp-flags.ts';
import { withoutSecrets } from '../services/mcp-refusal.ts';
import { parseArguments } from '../services/policy-question.ts';
import { readTextFile } from '../services/text-file.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface McpCallArguments {
  readonly tool: string;
  readonly flags: ServerFlags &
    GlobalFlags & {
      readonly args?: string;
      readonly argsFile?: string;
      /** Seconds. */
      readonly timeout?: number;
      readonly format?: Format;
    };
}

const DEFAULT_TIMEOUT = 60;

export async function callTool({ tool, flags }: McpCallArguments, io: Io): Promise<ExitCode> {
  const log = createLog(io, flags);
  const args = await readArguments(flags, io);
  const connection = await planConnection(flags, { io, log });
  const { withSession } = await import('../services/mcp-session.ts');
  const request = { what: `mcp call ${tool}`, explain: explainFlags(tool, args) };
  const timeout = (flags.timeout ?? DEFAULT_TIMEOUT) * 1000;
  const result = await withProgress({ io, quiet: flags.quiet }, `calling ${tool}`, () =>
    withSession(connection, request, (client) =>
      client.callTool({ name: tool, arguments: args ?? {} }, { timeout }),
    ),
  );
  const text = renderToolResult(result, flags.format ?? 'text');
  io.out(withoutSecrets(text, connection.secrets));
  if (result.isError === true) {
    log({ level: 'error', message: `${tool} says that it failed` });
    return EXIT.findings;
  }
  return EXIT.done;
}

async function readArguments(
  { args, argsFile, tokenFile }: McpCallArguments['flags'],
  io: Io,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (args !== undefined && argsFile !== undefined) {
    throw usageError('--args', 'means nothing beside --args-file', 'drop one');
  }
  if (argsFile === '-' && tokenFile === '-') {
    throw usageError('--args-file', 'stdin holds the token already', 'give one of them as a file');
  }
  if (argsFile === undefined) {
    return args === undefined ? undefined : parseArguments('--args', args);
  }
  const text = await readTextFile('--args-file', argsFile, io);
  return parseArguments('--args-file', text);
}

/** What to add to `thv policy explain` to ask about this call, for a shell. */
function explainFlags(tool: string, args: unknown): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const name = /^[\w.-]+$/.test(tool) ? tool : quote(tool);
  return `--tool ${name}${args === undefined ? '' : ` --args ${quote(JSON.stringify(args))}`}`;
}

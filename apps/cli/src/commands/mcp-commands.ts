/** `thv mcp …`: the names and flags of the commands that ask a running server. */
import type { Command } from 'commander';
import { duration, once, oneOf } from '../flag-parsers.ts';
import { type CommandHost, exampleText, FORMATS } from './command-host.ts';
import type { McpCallArguments } from './mcp-call.ts';
import type { McpListArguments } from './mcp-list.ts';
import { addServerFlags } from './server-flags.ts';

const KINDS = ['tools', 'prompts', 'resources', 'templates'] as const;
const MAX_TIMEOUT = 3600;

export function addMcpCommands(program: Command, host: CommandHost): void {
  const mcp = program.command('mcp').description('ask a running MCP server, as a client would');
  addList(mcp, host);
  addCall(mcp, host);
}

function addList(mcp: Command, { io, finish }: CommandHost): void {
  addServerFlags(
    mcp
      .command('list')
      .description('list what a server offers to the owner of the token')
      .argument('<what>', KINDS.join(', '), oneOf('mcp list', KINDS)),
  )
    .optionsGroup('Output:')
    .option('--format <format>', 'text, or json as the server answers', oneOf('--format', FORMATS))
    .addHelpText(
      'after',
      exampleText('thv mcp list tools --server http://127.0.0.1:8080/mcp --token-file token'),
    )
    .action(async (list: McpListArguments['list'], _own: unknown, command: Command) => {
      const { listOffer } = await import('./mcp-list.ts');
      const flags = command.optsWithGlobals<McpListArguments['flags']>();
      finish(await listOffer({ list, flags }, io));
    });
}

function addCall(mcp: Command, { io, finish }: CommandHost): void {
  addServerFlags(
    mcp
      .command('call')
      .description('call a tool; exit code 3 if the tool says that it failed')
      .argument('<tool>', 'name of the tool')
      .option('--args <json>', 'the arguments, as a JSON object', once('--args'))
      .option('--args-file <file>', 'file with the arguments; - is stdin', once('--args-file'))
      .option(
        '--timeout <duration>',
        'how long to wait for the result (default: 60s)',
        duration('--timeout', MAX_TIMEOUT),
      ),
  )
    .optionsGroup('Output:')
    .option('--format <format>', 'text, or json for the result', oneOf('--format', FORMATS))
    .addHelpText(
      'after',
      exampleText(
        `thv mcp call weather --args '{"city":"Oslo"}' \\`,
        '  --server http://127.0.0.1:8080/mcp --token-file token',
      ),
    )
    .action(async (tool: string, _own: unknown, command: Command) => {
      const { callTool } = await import('./mcp-call.ts');
      const flags = command.optsWithGlobals<McpCallArguments['flags']>();
      finish(await callTool({ tool, flags }, io));
    });
}

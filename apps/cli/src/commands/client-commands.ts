/** `thv client …`: the names and flags of the commands that set up MCP clients. */
import type { Command } from 'commander';
import { CLIENT_IDS, type ClientId } from '../clients/client-table.ts';
import { once, oneOf } from '../flag-parsers.ts';
import type { ClientAddArguments } from './client-add.ts';
import type { ClientListArguments } from './client-list.ts';
import type { ClientRemoveArguments } from './client-remove.ts';
import { type CommandHost, exampleText, FORMATS } from './command-host.ts';

const FILE = "another file of that client's form, such as .vscode/mcp.json of a project";

export function addClientCommands(program: Command, host: CommandHost): void {
  const client = program
    .command('client')
    .description('set up MCP clients: Claude Code, Cursor, VS Code');
  addAdd(client, host);
  addRemove(client, host);
  addList(client, host);
}

function addAdd(client: Command, { io, finish }: CommandHost): void {
  client
    .command('add')
    .description("write a server into a client's file; what was there is kept beside it")
    .argument('<client>', CLIENT_IDS.join(', '), oneOf('client add', CLIENT_IDS))
    .argument('[name]', 'a server in the background')
    .option('--url <url>', 'instead of it, the URL of any MCP endpoint', once('--url'))
    .option('--name <name>', 'how the client calls it (default: its name)', once('--name'))
    .option('--force', 'replace another server of that name')
    .option('--file <file>', FILE, once('--file'))
    .optionsGroup('Output:')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText(
      'after',
      exampleText('thv client add vscode --url http://127.0.0.1:8080/mcp --name weather'),
    )
    .action(async (id: ClientId, workload: string | undefined, _own: unknown, command: Command) => {
      const { addToClient } = await import('./client-add.ts');
      const flags = command.optsWithGlobals<ClientAddArguments['flags']>();
      finish(await addToClient({ id, workload, flags }, io));
    });
}

function addRemove(client: Command, { io, finish }: CommandHost): void {
  client
    .command('remove')
    .description("take a server out of a client's file")
    .argument('<client>', CLIENT_IDS.join(', '), oneOf('client remove', CLIENT_IDS))
    .argument('<name>', 'how the client calls the server')
    .option('--file <file>', FILE, once('--file'))
    .optionsGroup('Output:')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv client remove vscode weather'))
    .action(async (id: ClientId, name: string, _own: unknown, command: Command) => {
      const { removeFromClient } = await import('./client-remove.ts');
      const flags = command.optsWithGlobals<ClientRemoveArguments['flags']>();
      finish(await removeFromClient({ id, name, flags }, io));
    });
}

function addList(client: Command, { io, finish }: CommandHost): void {
  client
    .command('list')
    .description('list the servers with a URL that clients know')
    .optionsGroup('Output:')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv client list'))
    .action(async (_own: unknown, command: Command) => {
      const { listClients } = await import('./client-list.ts');
      finish(
        await listClients({ flags: command.optsWithGlobals<ClientListArguments['flags']>() }, io),
      );
    });
}

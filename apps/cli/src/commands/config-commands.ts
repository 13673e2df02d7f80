/** `thv config …`: the names and flags of the commands about settings. */
import type { Command } from 'commander';
import { oneOf } from '../flag-parsers.ts';
import { type CommandHost, exampleText, FORMATS } from './command-host.ts';
import type { ConfigFlags } from './config-registry.ts';

export function addConfigCommands(program: Command, { io, finish }: CommandHost): void {
  const config = program.command('config').description('settings of thv: where names are from');

  config
    .command('set-registry')
    .description('look names up in a registry of your own before the built-in catalogue')
    .argument('<place>', 'a JSON file, or the https URL of one')
    .option('--allow-unusable', 'set it although this thv cannot use all of its servers')
    .addHelpText('after', exampleText('thv config set-registry registry.json'))
    .action(async (place: string, _own: unknown, command: Command) => {
      const { setRegistry } = await import('./config-registry.ts');
      finish(await setRegistry(place, command.optsWithGlobals<ConfigFlags>(), io));
    });

  config
    .command('get-registry')
    .description('print which registry is set')
    .optionsGroup('Output:')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv config get-registry --format json'))
    .action(async (_own: unknown, command: Command) => {
      const { getRegistry } = await import('./config-registry.ts');
      finish(await getRegistry(command.optsWithGlobals<ConfigFlags>(), io));
    });

  config
    .command('unset-registry')
    .description('use the built-in catalogue alone')
    .addHelpText('after', exampleText('thv config unset-registry'))
    .action(async (_own: unknown, command: Command) => {
      const { unsetRegistry } = await import('./config-registry.ts');
      finish(await unsetRegistry(command.optsWithGlobals<ConfigFlags>(), io));
    });
}

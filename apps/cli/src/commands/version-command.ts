/** `thv version`: its name and flags. */
import type { Command } from 'commander';
import { oneOf } from '../flag-parsers.ts';
import { type CommandHost, exampleText, FORMATS, type Format } from './command-host.ts';

export function addVersionCommand(program: Command, { io, finish }: CommandHost): void {
  program
    .command('version')
    .description('print the version')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv version --format json'))
    .action(async ({ format = 'text' }: { readonly format?: Format }) => {
      const { printVersion } = await import('./version.ts');
      finish(await printVersion(io, format));
    });
}

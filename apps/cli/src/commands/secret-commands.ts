/** `thv secret …`: the names and flags of the secret store. */
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { once, oneOf } from '../flag-parsers.ts';
import { ASKED_COMMAND, KEY_SOURCES } from '../secrets/key-store.ts';
import { type CommandHost, exampleText, FORMATS } from './command-host.ts';
import type { RekeyFlags, SecretFlags } from './secrets.ts';

export function addSecretCommands(program: Command, { io, finish }: CommandHost): void {
  const secret = program
    .command('secret')
    .description('secrets that thv run gives to servers, encrypted on this machine');

  addKeyFlag(secret.command('set'))
    .description('keep a secret; its value is asked for, or read from stdin')
    .argument('<name>', 'name of the secret')
    .option(
      '--key-from <source>',
      'what locks new stores: key-store of the system (default where one answers) or passphrase',
      oneOf('--key-from', KEY_SOURCES),
    )
    .addHelpText('after', exampleText('thv secret set github-token --key-file secrets.key < token'))
    .action(async (name: string, _own: unknown, command: Command) => {
      const { setSecret } = await import('./secrets.ts');
      finish(await setSecret(name, command.optsWithGlobals<SecretFlags>(), io));
    });

  addKeyFlag(secret.command('get'))
    .description('print a secret')
    .argument('<name>', 'name of the secret')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv secret get github-token'))
    .action(async (name: string, _own: unknown, command: Command) => {
      const { getSecret } = await import('./secrets.ts');
      finish(await getSecret(name, command.optsWithGlobals<SecretFlags>(), io));
    });

  addKeyFlag(secret.command('list'))
    .description('list the names of secrets')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv secret list --format json'))
    .action(async (_own: unknown, command: Command) => {
      const { listSecrets } = await import('./secrets.ts');
      finish(await listSecrets(command.optsWithGlobals<SecretFlags>(), io));
    });

  addKeyFlag(secret.command('delete'))
    .description('forget a secret')
    .argument('<name>', 'name of the secret')
    .addHelpText('after', exampleText('thv secret delete github-token'))
    .action(async (name: string, _own: unknown, command: Command) => {
      const { deleteSecret } = await import('./secrets.ts');
      finish(await deleteSecret(name, command.optsWithGlobals<SecretFlags>(), io));
    });

  addKeyFlag(secret.command('rekey'))
    .description('lock the secrets with a new key; without flags one of the same kind')
    .option(
      '--new-key-from <source>',
      'what locks them from now on: key-store or passphrase',
      oneOf('--new-key-from', KEY_SOURCES),
    )
    .option(
      '--new-key-file <file>',
      'file with the new key, made if it is not there',
      once('--new-key-file'),
    )
    .addHelpText('after', exampleText('thv secret rekey --new-key-file new.key'))
    .action(async (_own: unknown, command: Command) => {
      const { rekeySecrets } = await import('./secrets.ts');
      finish(await rekeySecrets(command.optsWithGlobals<RekeyFlags>(), io));
    });

  program
    .command(ASKED_COMMAND, { hidden: true })
    .description('asks the key store of the system; started by thv itself')
    .action(async () => {
      const { answerKeyStore } = await import('../secrets/answer-key-store.ts');
      await answerKeyStore();
      finish(EXIT.done);
    });
}

function addKeyFlag(command: Command): Command {
  return command.option(
    '--key-file <file>',
    'file with the key, made if it is not there',
    once('--key-file'),
  );
}

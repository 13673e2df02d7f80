/** The names and flags of the commands that look after servers in the background. */
import { Command } from 'commander';
import { duration, labels, oneOf } from '../flag-parsers.ts';
import { isSecretFlag } from '../workloads/saved-run.ts';
import type { ChangeArguments } from './change-workloads.ts';
import { type CommandHost, exampleText, FORMATS, type GlobalFlags } from './command-host.ts';
import type { ListArguments } from './list.ts';
import type { LogsArguments } from './logs.ts';
import { recordFlags } from './run-arguments.ts';
import { addRunFlags, MAX_READY_TIMEOUT } from './run-flags.ts';
import type { StatusArguments } from './status.ts';

export function addWorkloadCommands(program: Command, host: CommandHost): void {
  addList(program, host);
  addStatus(program, host);
  addStop(program, host);
  addStart(program.command('start').description('start servers that were stopped'), host, 'start');
  addStart(
    program.command('restart').description('stop servers, if they run, and start them'),
    host,
    'restart',
  );
  addRemove(program, host);
  addLogs(program, host);
  addExport(program, host);
}

function addList(program: Command, { io, finish }: CommandHost): void {
  program
    .command('list')
    .alias('ls')
    .description('list the servers in the background')
    .option('-a, --all', 'also those that are stopped')
    .option(
      '-l, --label <NAME=VALUE>',
      'only those with this label (repeatable)',
      labels('--label'),
    )
    .option(
      '--format <format>',
      'text, json, or mcpservers for the configuration of a client',
      oneOf('--format', ['text', 'json', 'mcpservers']),
    )
    .addHelpText('after', exampleText('thv list --all --format json'))
    .action(async (_own: unknown, command: Command) => {
      const { listWorkloads } = await import('./list.ts');
      finish(await listWorkloads(command.optsWithGlobals<ListArguments>(), io));
    });
}

function addStatus(program: Command, { io, finish }: CommandHost): void {
  program
    .command('status')
    .description('say how a server in the background is')
    .argument('<name>', 'name of the server')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv status weather'))
    .action(async (name: string, _own: unknown, command: Command) => {
      const { showStatus } = await import('./status.ts');
      const flags = command.optsWithGlobals<StatusArguments['flags']>();
      finish(await showStatus({ name, flags }, io));
    });
}

function addStop(program: Command, { io, finish }: CommandHost): void {
  forSeveral(program.command('stop').description('stop servers; what they are stays known'))
    .addHelpText('after', exampleText('thv stop weather'))
    .action(async (names: readonly string[], _own: unknown, command: Command) => {
      const { stopWorkloads } = await import('./stop.ts');
      finish(await stopWorkloads({ names, flags: command.optsWithGlobals() }, io));
    });
}

function addStart(command: Command, { io, finish }: CommandHost, how: 'start' | 'restart'): void {
  forSeveral(command)
    .option(
      '--ready-timeout <duration>',
      'how long to wait until each can be called (default: 30s)',
      duration('--ready-timeout', MAX_READY_TIMEOUT),
    )
    .addHelpText('after', exampleText(`thv ${how} weather`));
  for (const option of addRunFlags(new Command('run')).options) {
    if (isSecretFlag(option.long?.slice(2) ?? '')) {
      command.addOption(option.helpGroup('Values that were not saved:'));
    }
  }
  const typed = recordFlags(command);
  command.action(async (names: readonly string[]) => {
    const { startWorkloads } = await import('./start.ts');
    const flags = command.optsWithGlobals<ChangeArguments['flags']>();
    finish(await startWorkloads({ names, flags, typed: typed(), how }, io));
  });
}

function addRemove(program: Command, { io, finish }: CommandHost): void {
  forSeveral(program.command('rm').description('stop servers and forget them; logs stay'))
    .addHelpText('after', exampleText('thv rm weather'))
    .action(async (names: readonly string[], _own: unknown, command: Command) => {
      const { removeWorkloads } = await import('./remove.ts');
      finish(await removeWorkloads({ names, flags: command.optsWithGlobals() }, io));
    });
}

function addLogs(program: Command, { io, finish }: CommandHost): void {
  const logs = program
    .command('logs')
    .description("print what a server in the background wrote to stderr, or its proxy's log")
    .usage('[options] NAME\n       thv logs prune')
    .argument('<name>', 'name of the server')
    .option('-f, --follow', 'go on with what is written from now on, until Ctrl-C')
    .option('--proxy', "the proxy's log: start, sign-in, decisions")
    .addHelpText('after', exampleText('thv logs weather --proxy'))
    .action(async (name: string, _own: unknown, command: Command) => {
      const { showLogs } = await import('./logs.ts');
      const flags = command.optsWithGlobals<LogsArguments['flags']>();
      finish(await showLogs({ name, flags }, io));
    });
  logs
    .command('prune')
    .description('delete the logs of servers that were removed')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS))
    .addHelpText('after', exampleText('thv logs prune'))
    .action(async (_own: unknown, command: Command) => {
      const { pruneLogs } = await import('./logs-prune.ts');
      finish(await pruneLogs(command.optsWithGlobals(), io));
    });
}

function addExport(program: Command, { io, finish }: CommandHost): void {
  program
    .command('export')
    .description('write how a server is run to a file, for thv run --from-config')
    .argument('<name>', 'name of the server')
    .argument('<path>', 'the file; - is stdout')
    .addHelpText('after', exampleText('thv export weather weather.json'))
    .action(async (name: string, path: string, _own: unknown, command: Command) => {
      const { exportWorkload } = await import('./export.ts');
      finish(
        await exportWorkload({ name, path, flags: command.optsWithGlobals<GlobalFlags>() }, io),
      );
    });
}

function forSeveral(command: Command): Command {
  return command
    .argument('[names...]', 'names of servers')
    .option('--all', 'all of them')
    .option('--format <format>', 'text or json', oneOf('--format', FORMATS));
}

/** `thv run` and `thv proxy`: the commands that put the chain before a server. */
import type { Command } from 'commander';
import type { CommandHost } from './command-host.ts';
import type { ProxyArguments } from './proxy.ts';
import type { RunArguments } from './run.ts';
import { recordFlags } from './run-arguments.ts';
import { addProxyFlags, addRunFlags } from './run-flags.ts';

export function addServeCommands(program: Command, host: CommandHost): void {
  const { io, services, serverArgs, finish } = host;

  const run = addRunFlags(program.command('run'));
  const typed = recordFlags(run);
  run.action(async (server: string | undefined, _own: unknown, command: Command) => {
    const { runServer } = await import('./run.ts');
    const flags = command.optsWithGlobals<RunArguments['flags']>();
    finish(await runServer({ server, serverArgs, flags, typed: typed() }, io, services));
  });

  addProxyFlags(program.command('proxy')).action(
    async (name: string, _own: unknown, command: Command) => {
      const { proxyServer } = await import('./proxy.ts');
      const flags = command.optsWithGlobals<ProxyArguments['flags']>();
      finish(await proxyServer({ name, flags }, io, services));
    },
  );

  program
    .command('supervise', { hidden: true })
    .description('the process behind a server in the background; started by thv run and thv start')
    // Both only name the process to whoever looks at a list of processes.
    .argument('<name>')
    .argument('<mark>')
    .action(async () => {
      const { supervise } = await import('./supervise.ts');
      finish(await supervise(io, services));
    });
}

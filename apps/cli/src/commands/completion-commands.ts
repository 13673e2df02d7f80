/** `thv completion`: its name and flags, and the hidden command that its scripts call. */
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { oneOf } from '../flag-parsers.ts';
import { type CommandHost, exampleText } from './command-host.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export function addCompletionCommands(program: Command, { io, finish }: CommandHost): void {
  program
    .command('completion')
    .description('print a script that completes commands, flags and names in a shell')
    .argument('<shell>', SHELLS.join(', '), oneOf('completion', SHELLS))
    .addHelpText(
      'after',
      `
For every new shell:
  bash   echo 'source <(thv completion bash)' >> ~/.bashrc
  zsh    echo 'source <(thv completion zsh)' >> ~/.zshrc  (after compinit)
  fish   thv completion fish > ~/.config/fish/completions/thv.fish
${exampleText('thv completion bash')}`,
    )
    .action(async (shell: Shell) => {
      const { renderCompletion } = await import('../completion/index.ts');
      io.out(renderCompletion(shell, program));
      finish(EXIT.done);
    });

  program.command('__workloads', { hidden: true }).action(async () => {
    const { listNames } = await import('../completion/workload-names.ts');
    io.out((await listNames(io.env)).map((name) => `${name}\n`).join(''));
    finish(EXIT.done);
  });
}

/** The completion script of each shell. */
import type { Command } from 'commander';
import { renderBash } from './bash.ts';
import { modelCommands } from './command-model.ts';
import { renderFish } from './fish.ts';
import { renderZsh } from './zsh.ts';

const RENDERERS = { bash: renderBash, zsh: renderZsh, fish: renderFish } as const;

export function renderCompletion(shell: keyof typeof RENDERERS, program: Command): string {
  return RENDERERS[shell](modelCommands(program));
}

/** The reference of the `thv` command as Markdown, read from its command tree. */
import type { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';
import { createProgram } from '../../apps/cli/src/program.ts';

/** The whole page. */
export function renderCliReference(): string {
  // Nothing is run, so there is no outside.
  const { program } = createProgram([], OUTSIDE, {});
  return [
    '<!-- Generated from the program: npx -y pnpm@12 docs:cli -->\n\n',
    '# thv\n\n',
    `${program.description()}\n\n`,
    notesOf(program),
    '## Flags of every command\n\n',
    table(program.createHelp().visibleOptions(program)),
    '## Commands\n\n',
    contents(program),
    ...leaves(program).map(renderCommand),
  ]
    .join('')
    .trimEnd()
    .concat('\n');
}

const OUTSIDE = {
  out: () => undefined,
  err: () => undefined,
  stdout: { colour: false, columns: undefined },
  stderr: { colour: false, columns: undefined },
  progress: () => ({ update: () => undefined, stop: () => undefined }),
  cwd: '/',
  env: {},
  input: async () => '',
  userName: () => 'you',
  termination: () => new Promise<never>(() => undefined),
};

function contents(program: Command): string {
  const rows = leaves(program).map((command) => {
    const path = pathOf(command);
    return `| [\`${path}\`](#${path.replaceAll(' ', '-')}) | ${cell(command.description())} |\n`;
  });
  return `| command | |\n| --- | --- |\n${rows.join('')}\n`;
}

function renderCommand(command: Command): string {
  const help = command.createHelp();
  const groups = new Map<string, Option[]>();
  for (const option of help.visibleOptions(command)) {
    const heading = option.helpGroupHeading ?? 'Options:';
    groups.set(heading, [...(groups.get(heading) ?? []), option]);
  }
  const args = command.registeredArguments.map(
    (argument) => `| \`${argument.name()}\` | ${cell(argument.description)} |\n`,
  );
  return [
    `## ${pathOf(command)}\n\n`,
    `${sentence(command.description())}\n\n`,
    `\`\`\`text\n${help.commandUsage(command).replaceAll(/^ +/gm, '')}\n\`\`\`\n\n`,
    args.length === 0 ? '' : `| argument | |\n| --- | --- |\n${args.join('')}\n`,
    ...[...groups].map(
      ([heading, options]) => `**${heading.replace(/:$/, '')}**\n\n${table(options)}`,
    ),
    notesOf(command),
  ].join('');
}

function table(options: readonly Option[]): string {
  const rows = options.map(
    ({ flags, description }) => `| \`${flags.replaceAll('|', '\\|')}\` | ${cell(description)} |\n`,
  );
  return `| flag | |\n| --- | --- |\n${rows.join('')}\n`;
}

/** What help says at its end: notes as they are, the example as code. */
function notesOf(command: Command): string {
  let notes = '';
  // Safe: commands are emitters, which their types do not say.
  (command as unknown as EventEmitter).emit('afterHelp', {
    error: false,
    command,
    write: (text: string) => {
      notes += text;
    },
  });
  const [before = '', example] = notes.split('\nExample:\n');
  const text = before.trim() === '' ? '' : `\`\`\`text\n${before.trim()}\n\`\`\`\n\n`;
  return example === undefined
    ? text
    : `${text}\`\`\`sh\n${example.replaceAll(/^ {2}/gm, '').trimEnd()}\n\`\`\`\n\n`;
}

/** The commands that do something, each after the one that it belongs to. */
function leaves(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .flatMap((child) => [
      ...(child.commands.length === 0 || child.registeredArguments.length > 0 ? [child] : []),
      ...leaves(child),
    ]);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*');
}

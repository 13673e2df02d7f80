/** How help looks: 80 columns, the same groups everywhere, long flags on a line of their own. */
import { type Argument, type Command, Help, type HelpConfiguration } from 'commander';
import { paint } from './output/paint.ts';

/** Wider lines are hard to read. */
const MAX_WIDTH = 80;
/** Terms that are longer have their description on the next line. */
const MAX_TERM = 26;
const INDENT = 2;
const GAP = 2;

/** The groups of the first page, each with its commands; a new command comes last. */
const GROUPS: Readonly<Record<string, string>> = {
  ...groupOf('Servers:', 'run proxy list status stop start restart rm logs export'),
  ...groupOf('Policies and tokens:', 'policy token mcp'),
};
const OTHER_GROUP = 'More:';

export const HELP_STYLE: HelpConfiguration = {
  showGlobalOptions: true,
  minWidthToWrap: INDENT,
  // Taken off again where there are no colours.
  styleTitle: (title) => paint(title, 'title', { colour: true, columns: undefined }),
  subcommandTerm: (command) =>
    [
      [command.name(), ...command.aliases()].join('|'),
      ...command.registeredArguments.map(argumentTerm),
    ].join(' '),
  padWidth: (command, helper) =>
    Math.min(MAX_TERM, Help.prototype.padWidth.call(helper, command, helper)),
  formatItem,
  formatItemList: (heading, items, helper) =>
    items.length === 0
      ? []
      : [helper.styleTitle(heading.replace('Global Options', 'Every command')), ...items, ''],
  // `--help` belongs to what every command has.
  visibleOptions(this: Help, command) {
    const all = Help.prototype.visibleOptions.call(this, command);
    return command.parent === null ? all : all.filter(({ long }) => long !== '--help');
  },
  visibleGlobalOptions(this: Help, command) {
    const inherited = Help.prototype.visibleGlobalOptions.call(this, command);
    const all = Help.prototype.visibleOptions.call(this, command);
    return command.parent === null
      ? inherited
      : [...inherited, ...all.filter(({ long }) => long === '--help')];
  },
  // `thv help COMMAND` works; that it does is said once.
  visibleCommands(this: Help, command) {
    const all = Help.prototype.visibleCommands.call(this, command);
    return all.filter((child) => child.name() !== 'help');
  },
};

/** Columns of help for a screen. */
export function helpWidth(columns: number | undefined): number {
  return Math.min(columns ?? MAX_WIDTH, MAX_WIDTH);
}

/** Groups the commands of the first page. */
export function groupCommands(program: Command): void {
  for (const command of program.commands) {
    command.helpGroup(GROUPS[command.name()] ?? OTHER_GROUP);
  }
  program.addHelpText(
    'after',
    `
thv COMMAND --help says more about a command.
Data goes to stdout, everything else to stderr.
Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 a check found
problems.`,
  );
}

function groupOf(heading: string, names: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, heading]));
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function formatItem(term: string, termWidth: number, description: string, helper: Help): string {
  const start = ' '.repeat(INDENT);
  if (description === '') {
    return start + term;
  }
  const column = INDENT + termWidth + GAP;
  const text = helper.boxWrap(description, (helper.helpWidth ?? MAX_WIDTH) - column);
  const indented = text.replaceAll('\n', `\n${' '.repeat(column)}`);
  const width = helper.displayWidth(term);
  return width > termWidth
    ? `${start}${term}\n${' '.repeat(column)}${indented}`
    : `${start}${term}${' '.repeat(termWidth - width + GAP)}${indented}`;
}

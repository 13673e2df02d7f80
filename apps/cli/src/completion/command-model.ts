/** The command tree as shell completion and the reference page need it: plain data. Pure. */
import type { Argument, Command, Option } from 'commander';

/** What may stand in the place of a value. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  /** Names of servers that thv runs. */
  | { readonly kind: 'workloads' }
  | { readonly kind: 'anything' };

export interface FlagModel {
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined for a flag without a value. */
  readonly values: Values | undefined;
}

export interface CommandModel {
  /** Such as `thv policy check`. */
  readonly path: string;
  /** The same command by another name. */
  readonly isAlias: boolean;
  readonly description: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly FlagModel[];
  /** One per argument; the last one stands for all that follow if it is repeated. */
  readonly values: readonly Values[];
  readonly isRepeated: boolean;
}

/** Every command, the program itself first. */
export function modelCommands(program: Command): readonly CommandModel[] {
  return modelBelow(program, [program.name()]);
}

/** The names of the flags that take a value, in their order. */
export function namesWithValue(flags: readonly FlagModel[]): readonly string[] {
  return flags.filter(({ values }) => values !== undefined).flatMap(({ names }) => names);
}

function modelBelow(command: Command, paths: readonly string[]): readonly CommandModel[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  const flags = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].map(
    modelFlag,
  );
  return [
    ...paths.map((path, at) => ({
      path,
      isAlias: at > 0,
      description: command.description(),
      commands: children.flatMap((child) =>
        namesOf(child).map((name) => ({ name, description: child.description() })),
      ),
      flags,
      values: command.registeredArguments.map((argument) => valuesOfArgument(command, argument)),
      isRepeated: command.registeredArguments.at(-1)?.variadic === true,
    })),
    ...children.flatMap((child) =>
      modelBelow(
        child,
        paths.flatMap((path) => namesOf(child).map((name) => `${path} ${name}`)),
      ),
    ),
  ];
}

function namesOf(command: Command): readonly string[] {
  return [command.name(), ...command.aliases()];
}

function modelFlag(option: Option): FlagModel {
  const names = [option.long, option.short].filter((name) => name != null);
  const value = /[<[](.*)[>\]]/.exec(option.flags)?.[1] ?? '';
  return {
    names,
    description: option.description,
    values:
      option.required || option.optional
        ? (choicesOf(option.parseArg) ?? valuesNamed(value))
        : undefined,
  };
}

function valuesOfArgument(command: Command, argument: Argument): Values {
  // `thv proxy NAME` gives a name to a server that thv does not run.
  const isWorkload = /^names?$/.test(argument.name()) && command.name() !== 'proxy';
  return isWorkload
    ? { kind: 'workloads' }
    : (choicesOf(argument.parseArg) ?? valuesNamed(argument.name()));
}

function choicesOf(parse: unknown): Values | undefined {
  return typeof parse === 'function' && 'choices' in parse && Array.isArray(parse.choices)
    ? { kind: 'words', words: parse.choices.map(String) }
    : undefined;
}

function valuesNamed(name: string): Values {
  if (/file|path|tests/i.test(name)) {
    return { kind: 'files' };
  }
  return /url\|name|name\|url/i.test(name) ? { kind: 'workloads' } : { kind: 'anything' };
}

/** What a server of the matrix offers, so that one feature can be tried on all of them. */

/** A tool with arguments. */
export interface ToolUse {
  readonly name: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export interface Surface {
  /** Answers `sumText`. */
  readonly sum: ToolUse;
  readonly sumText: string;
  /** Reports progress at least three times. */
  readonly long: ToolUse;
  /** Takes long enough to be cancelled. */
  readonly hang: ToolUse;
  /** Logs something. */
  readonly log: ToolUse;
  /** Asks the client's model, and repeats what it says. */
  readonly askModel: ToolUse;
  /** Asks the client's user, and repeats what they say. */
  readonly askUser: ToolUse;
  /** Says that `resource` has changed. */
  readonly touch: ToolUse;
  readonly prompt: {
    readonly name: string;
    readonly arguments: Readonly<Record<string, string>>;
    readonly text: string;
  };
  /** An argument of `prompt` that can be completed. */
  readonly completion: {
    readonly argument: { readonly name: string; readonly value: string };
    readonly values: readonly string[];
  };
  readonly resource: { readonly uri: string; readonly text: string };
  readonly template: {
    readonly uriTemplate: string;
    readonly uri: string;
    readonly text: string;
  };
}

export interface MatrixServer {
  readonly surface: Surface;
  /** Over HTTP; undefined for a process, which `command` starts. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Over stdio: arguments of Node, and who shares the process. */
  readonly process?: {
    readonly args: readonly string[];
    readonly isolation: 'shared' | 'session';
  };
  /** How many calls of `surface.hang` were cancelled; undefined where the server does not notice. */
  readonly cancelled: (() => number) | undefined;
  readonly close?: () => void;
}

/** What the servers that are written here offer. */
export const OWN: Surface = {
  sum: { name: 'add', arguments: { a: 2, b: 3 } },
  sumText: '5',
  long: { name: 'long' },
  hang: { name: 'hang' },
  log: { name: 'log' },
  askModel: { name: 'ask_model' },
  askUser: { name: 'ask_user' },
  touch: { name: 'touch' },
  prompt: { name: 'greet', arguments: { name: 'Ada' }, text: 'Greet Ada.' },
  completion: { argument: { name: 'name', value: 'A' }, values: ['Ada', 'Alan'] },
  resource: { uri: 'fix://readme', text: 'Read me.' },
  template: {
    uriTemplate: 'fix://users/{id}',
    uri: 'fix://users/7',
    text: 'The page of 7.',
  },
};

export const NAMES = ['Ada', 'Alan', 'Grace'];
/** Milliseconds between two signs of life of a long call. */
export const STEP = 10;

/** A run as data: what is written down, what is not, and what may be read back. */
import { describe, expect, it } from 'vitest';
import { parseRunArguments } from '../src/commands/run-arguments.ts';
import { createProgram } from '../src/program.ts';
import {
  fillIn,
  isSecretFlag,
  runFromJson,
  runToJson,
  splitRun,
  toArguments,
} from '../src/workloads/saved-run.ts';
import { createIo, runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const { io } = createIo();

function split(...args: readonly string[]) {
  const { server, serverArgs, typed } = parseRunArguments(args, io);
  return splitRun(
    {
      ...{ name: 'weather', workingDirectory: '/here' },
      ...(server !== undefined && { server }),
      ...(serverArgs !== undefined && { args: serverArgs }),
    },
    typed,
  );
}

describe('a saved run', () => {
  it('holds what was typed, as it was typed', () => {
    const { run, values } = split(
      ...['-f', '--debug', '--quiet', '--name', 'weather', '--format=json', '--oidc-leeway', '2m'],
      ...['--oidc-issuer=https://idp.example', '--oidc-audience', 'a,b', '--oidc-audience', 'c'],
      ...['--oidc-in-cluster', '-e', 'TZ', 'npx://some-server', '--', '--name', 'not ours'],
    );
    expect(runToJson(run)).toEqual({
      name: 'weather',
      server: 'npx://some-server',
      args: ['--name', 'not ours'],
      working_directory: '/here',
      flags: {
        debug: true,
        'oidc-leeway': '2m',
        'oidc-issuer': 'https://idp.example',
        'oidc-audience': ['a,b', 'c'],
        'oidc-in-cluster': true,
        env: 'TZ',
      },
    });
    expect(values).toEqual([]);
  });

  it('is typed again to the same effect', () => {
    const typed = [
      ...['--name=weather', '--debug', '--oidc-leeway=2m', '--oidc-audience=a,b'],
      ...['--oidc-audience=c', '--env=KEY=with spaces = and more', 'http://x/mcp'],
    ];
    const { run, values } = split(...typed);
    const read = runFromJson(JSON.parse(JSON.stringify(runToJson(run))), { where: 'x', cwd: '/' });
    const again = parseRunArguments(toArguments(read, values), io);
    expect(again.flags).toEqual(parseRunArguments(typed, io).flags);
    expect(again.server).toBe('http://x/mcp');
  });

  it.each([
    ['a variable', ['-e', 'KEY=hunter2'], '--env KEY'],
    ['a client secret', ['--oidc-client-secret', 'hunter2'], '--oidc-client-secret'],
  ])('names %s and has no value of it', (_name, args, name) => {
    const { run, values } = split(...args, 'http://x/mcp');
    expect(JSON.stringify(runToJson(run))).not.toContain('hunter2');
    expect(run.givenByValue).toEqual([name]);
    expect(JSON.stringify(values)).toContain('hunter2');
  });

  it('names every one of a list of headers', () => {
    const { run } = split('--otel-headers', 'A=hunter2, B=hunter2', 'http://x/mcp');
    expect(run.givenByValue).toEqual(['--otel-headers A', '--otel-headers B']);
    expect(() => fillIn(run, [['otel-headers', 'A=1']], 'thv start x')).toThrow(
      /--otel-headers B=…$/,
    );
    const both = [['otel-headers', 'B=2,A=1']] as const;
    expect(fillIn(run, both, '')).toEqual(both);
  });

  it('keeps no value of any flag that sounds like a secret', () => {
    const { program } = createProgram([], io, {});
    const run = program.commands.find((command) => command.name() === 'run');
    const suspicious = (run?.options ?? [])
      .filter(({ required }) => required)
      .map(({ long }) => long?.slice(2) ?? '')
      .filter((flag) => /secret|token|header|password|key|\benv\b/.test(flag))
      // References, and lists of names.
      .filter((flag) => !/-(?:file|dir|url)$/.test(flag));
    expect(suspicious.filter((flag) => !isSecretFlag(flag) && !REFERENCES.has(flag))).toEqual([]);
    expect(suspicious).toContain('env');
  });

  it('asks for what is missing and refuses what nobody asked for', () => {
    const { run } = split('-e', 'KEY=1', '-e', 'OTHER', 'http://x/mcp');
    expect(() => fillIn(run, [], 'thv start weather')).toThrow(/thv start weather --env KEY=…$/);
    expect(fillIn(run, [['env', 'KEY=2']], '')).toEqual([['env', 'KEY=2']]);
    // The variable of this shell.
    expect(fillIn(run, [['env', 'KEY']], '')).toEqual([['env', 'KEY']]);
    const idle = [
      ['env', 'KEY=2'],
      ['env', 'OTHER=3'],
    ] as const;
    expect(() => fillIn(run, idle, '')).toThrow(/--env OTHER: means nothing to weather/);
  });
});

/** Flags that sound like secrets and hold references to them. */
const REFERENCES: ReadonlySet<string> = new Set(['secret']);

describe('--from-config', () => {
  it.each<[string, string, readonly string[], RegExp]>([
    [
      'a key that it does not know',
      '{"schema_version":1,"name":"x","sever":"http://x/mcp"}',
      [],
      /"sever" is no key that thv knows; did you mean server\?/,
    ],
    [
      'a catalogue that does not know its server',
      '{"schema_version":1,"name":"x","server":"time","catalogue":{"servers":{"a":{}}}}',
      [],
      /"time": the catalogue of this run has no such server/,
    ],
    [
      'a catalogue for a server that is no name',
      '{"schema_version":1,"name":"x","server":"npx://x","catalogue":{"servers":{"a":{}}}}',
      [],
      /"catalogue" is for a server that is a name/,
    ],
    [
      'a flag that does not exist',
      '{"schema_version":1,"name":"x","server":"http://x/mcp","flags":{"oidc-audence":"a"}}',
      [],
      /--oidc-audence: no such flag; did you mean --oidc-audience\?/,
    ],
    [
      'a value that the flag refuses',
      '{"schema_version":1,"name":"x","server":"http://x/mcp","flags":{"proxy-port":70000}}',
      [],
      /--proxy-port: "70000" is not a port/,
    ],
    [
      'a flag beside it',
      '{"schema_version":1,"name":"x","server":"http://x/mcp"}',
      ['--oidc-issuer', 'https://x'],
      /--oidc-issuer: means nothing beside --from-config/,
    ],
    [
      'a server beside it',
      '{"schema_version":1,"name":"x","server":"http://x/mcp"}',
      ['http://y/mcp'],
      /--from-config: the file names the server/,
    ],
    [
      'a flag in the place of the server',
      '{"schema_version":1,"name":"x","server":"--allow-insecure-anonymous"}',
      [],
      /"server" must be a URL or a package/,
    ],
    [
      'a flag smuggled in a name',
      '{"schema_version":1,"name":"x","server":"http://x/mcp","flags":{"host=0.0.0.0 --x":true}}',
      [],
      /cannot stand under "flags"/,
    ],
    [
      'a flag that needs a value, and would take the policies for it',
      '{"schema_version":1,"name":"x","server":"http://x/mcp","flags":{"otel-service-name":true,"authz-config":"a.yaml"}}',
      [],
      /--otel-service-name: has no value: a flag follows it/,
    ],
    [
      'a flag that needs a value, and would take the server for it',
      '{"schema_version":1,"name":"x","server":"uvx://x","args":["node"],"flags":{"authz-config":true}}',
      [],
      /a flag is true that needs a value/,
    ],
    [
      'a danger that is a text',
      '{"schema_version":1,"name":"x","server":"http://x/mcp","flags":{"allow-insecure-anonymous":"false"}}',
      [],
      /--allow-insecure-anonymous: takes no value; write it alone/,
    ],
    [
      'to print the help',
      '{"schema_version":1,"name":"x","server":"http://x/mcp","flags":{"help":true}}',
      [],
      /"help" cannot stand under "flags"/,
    ],
    [
      'another version',
      '{"schema_version":2,"name":"x"}',
      [],
      /"schema_version" is missing, or another one/,
    ],
    [
      'a key given twice',
      '{"schema_version":1,"name":"x","name":"y"}',
      [],
      /config\.json:1:\d+: Map keys must be unique/,
    ],
    [
      'a tag that nobody knows',
      'schema_version: 1\nname: x\nserver: !env SERVER\n',
      [],
      /config\.json:3:9: Unresolved tag: !env/,
    ],
    [
      'a value that is missing',
      '{"schema_version":1,"name":"x","server":"http://x/mcp","given_by_value":["--oidc-client-secret"]}',
      [],
      /--oidc-client-secret: was given by value/,
    ],
  ])('refuses %s: exit code 2', async (_name, text, args, said) => {
    await folder.write({ 'config.json': text });
    const typed = ['run', '--from-config', 'config.json', ...args];
    const { code, out, err } = await runMain(typed, { cwd: folder.path });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(said);
  });
});

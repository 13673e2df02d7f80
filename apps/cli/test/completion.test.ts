/** Completes command lines in real shells. Those that are not installed are skipped, and said so. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';
import { putThvOnPath } from './thv-on-path.ts';

const folder = useTempFolder({
  'authz.yaml': '',
  'other.txt': '',
  'state/thv/workloads/weather.json': '{}',
  'state/thv/workloads/files.json': '{}',
  'state/thv/workloads/files.json.damaged': '',
});
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  const path = await putThvOnPath(folder);
  env = { ...path, HOME: folder.path, XDG_STATE_HOME: `${folder.path}/state` };
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out } = await runMain(['completion', shell]);
    await folder.write({ [`thv.${shell}`]: out });
  }
});

const isInstalled = (name: string): boolean =>
  spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;

/** What is typed, and what is offered for the last word. */
const CASES: readonly (readonly [words: string, offered: readonly string[]])[] = [
  ['pol', ['policy']],
  ['policy ', ['check', 'test', 'explain', 'schema']],
  ['--quiet policy ch', ['check']],
  ['policy check --st', ['--strict']],
  ['policy test --format ', ['text', 'json', 'junit', 'tap']],
  ['policy test --format=j', ['json', 'junit']],
  ['version --format t', ['text']],
  ['run --oidc-introspection-auth ', ['basic', 'post', 'none']],
  ['run --oidc-is', ['--oidc-issuer', '--oidc-issuer-alias']],
  ['run --name ', []],
  ['run --oidc-issuer http://127.0.0.1:9000 --authz-config auth', ['authz.yaml']],
  ['policy check auth', ['authz.yaml']],
  ['client add c', ['claude-code', 'cursor']],
  ['client remove cursor w', ['weather']],
  ['logs ', ['files', 'weather', 'prune']],
  ['stop weather f', ['files']],
  ['ls --form', ['--format']],
  ['completion ', ['bash', 'zsh', 'fish']],
];

describe.runIf(isInstalled('bash'))('bash', () => {
  it('completes commands, flags, values, files and names of servers', () => {
    const words = CASES.map(([line]) => {
      // As the shell breaks the line.
      const parts = line.split(/(?<=[=:])|(?=[=:])| /).map((part) => `'${part}'`);
      return `try thv ${parts.join(' ')}`;
    });
    const script = `source thv.bash
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _thv; echo "\${COMPREPLY[*]}"; }
${words.join('\n')}`;
    const options = { cwd: folder.path, env: { ...env }, encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], options);
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toEqual(CASES.map(([, offered]) => offered.join(' ')));
  });
});

describe.runIf(isInstalled('fish'))('fish', () => {
  it('completes commands, flags, values, files and names of servers', () => {
    const lines = CASES.map(([line]) => `complete -C 'thv ${line}'; echo ===`);
    const script = `source thv.fish\n${lines.join('\n')}`;
    const options = { cwd: folder.path, env: { ...env }, encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], options);
    expect(stderr).toBe('');
    const offered = stdout
      .split('===\n')
      .slice(0, -1)
      .map((block) =>
        block
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => line.split('\t')[0]?.replace(/^--format=/, '')),
      );
    for (const [at, [line, expected]] of CASES.entries()) {
      expect(new Set(offered[at]), line).toEqual(new Set(expected));
    }
  });
});

/** Types keys into a shell on a terminal and waits for an answer. */
async function type(shell: readonly string[], keys: string, answer: RegExp): Promise<string> {
  const command = shell.join(' ');
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: folder.path,
    env: { ...env, TERM: 'dumb', PS1: '> ', HISTFILE: '/dev/null' },
  });
  const closed = once(child, 'close');
  const said: string[] = [];
  child.stdin.write(keys);
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (answer.test(line)) {
      break;
    }
  }
  child.stdin.end('exit\n');
  child.kill();
  await closed;
  return said.join('\n');
}

describe.runIf(isInstalled('script') && process.platform === 'linux')('on a terminal', () => {
  it.runIf(isInstalled('bash'))('bash types the rest at Tab', async () => {
    const keys = 'source thv.bash\nthv vers\t --form\t js\t\n';
    const said = await type(['bash', '--norc', '--noprofile', '-i'], keys, /^\{"version"/);
    expect(said).toContain('"platform"');
  });

  it.runIf(isInstalled('zsh'))('zsh types the rest at Tab', async () => {
    const keys = `autoload -U compinit; compinit -u -D; source thv.zsh\nthv vers\t--form\tjs\t\n`;
    const said = await type(['zsh', '-f', '-i'], keys, /^\{"version"/);
    expect(said).toContain('"platform"');
  });
});

describe('thv completion', () => {
  it('knows every command and every flag, but what is hidden', async () => {
    const { out } = await runMain(['completion', 'bash']);
    for (const word of ['policy', 'token', '--oidc-issuer', '--debug', '--help', '-h']) {
      expect(out).toContain(word);
    }
    expect(out).not.toMatch(/'[^']*__workloads[^']*'\)/);
    expect((await runMain(['--help'])).out).not.toContain('__workloads');
  });

  it('refuses other shells', async () => {
    expect(await runMain(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      err: 'thv: completion: "tcsh" is none of bash, zsh, fish\n',
    });
  });

  it('lists names, and says nothing when there is no state', async () => {
    const names = await runMain(['__workloads'], { env });
    expect(names).toEqual({ code: 0, out: 'files\nweather\n', err: '' });
    const none = await runMain(['__workloads'], { env: { HOME: `${folder.path}/none` } });
    expect(none).toEqual({ code: 0, out: '', err: '' });
  });
});

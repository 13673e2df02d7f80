import { describe, expect, it } from 'vitest';
import { runMain } from './run-main.ts';
import { runThv } from './spawn-thv.ts';

describe('thv', () => {
  it('prints help without arguments', async () => {
    const { code, out, err } = await runThv([]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: thv/);
  });

  it.each([
    ['an unknown command', ['versoin'], 'thv: versoin: no such command; did you mean version?'],
    [
      'an unknown flag',
      ['run', '--oidc-audence', 'x'],
      'thv: --oidc-audence: no such flag; did you mean --oidc-audience?',
    ],
    [
      'an unknown flag, without its value',
      ['run', '--oidc-secrt=hunter2'],
      'thv: --oidc-secrt: no such flag; see thv run --help',
    ],
    ['an unknown global flag', ['--debgu'], 'thv: --debgu: no such flag; did you mean --debug?'],
    [
      'a flag without its value',
      ['run', '--name'],
      'thv: --name: needs a value; see thv run --help',
    ],
    [
      'a second server',
      ['run', 'a', 'b'],
      "thv: run: too many arguments; put the server's own after --",
    ],
    [
      'no server',
      ['run'],
      'thv: no server: there is nothing to run; give a URL, npx://package[@version], uvx://package[@version], a catalogue name, an image, or --name NAME -- COMMAND',
    ],
    [
      'a command without a name',
      ['run', '-f', '--', 'node', 'x.js'],
      'thv: --name: missing: a command has no name of its own; add --name NAME',
    ],
    ['a bad URL', ['run', '-f', 'http://'], 'thv: "http://": is not a URL'],
    [
      'a server of an unknown kind',
      ['run', '-f', 'ghcr'],
      'thv: "ghcr": the built-in catalogue has no such server; an image is written with a tag: ghcr:TAG',
    ],
    [
      'a bad port',
      ['run', '--proxy-port', '70000', 'x'],
      'thv: --proxy-port: "70000" is not a port; give 0 to 65535',
    ],
    [
      'a bad format',
      ['version', '--format', 'jsno'],
      'thv: --format: "jsno" is none of text, json; did you mean json?',
    ],
    [
      'a flag given twice',
      ['run', '--oidc-issuer', 'a', '--oidc-issuer', 'b'],
      'thv: --oidc-issuer: given twice; give it once',
    ],
    [
      'a value from an unset variable',
      ['run', '--oidc-issuer', '', 'http://x'],
      'thv: --oidc-issuer: has an empty value; give it one, or leave the flag out',
    ],
    [
      'an empty list item',
      ['run', '--oidc-audience', 'a,,b', 'http://x'],
      'thv: --oidc-audience: has an empty value; give it one, or leave the flag out',
    ],
    [
      'a flag that only waits in the background',
      ['run', '-f', '--ready-timeout', '5', 'http://127.0.0.1:1/mcp'],
      'thv: --ready-timeout: means nothing with --foreground; drop one',
    ],
    [
      'a policy file that is not there',
      ['run', '-f', '--authz-config', 'none.yaml', 'http://127.0.0.1:1/mcp'],
      'thv: --authz-config: none.yaml cannot be read; check the path',
    ],
  ])('refuses %s with one line and exit code 2', async (_name, args, line) => {
    expect(await runMain(args)).toEqual({ code: 2, out: '', err: `${line}\n` });
  });

  it('refuses to be the process behind a server', async () => {
    const err = 'thv: supervise: is for thv itself; use thv run or thv start\n';
    expect(await runThv(['supervise', 'a', 'b'])).toEqual({ code: 2, out: '', err });
  });

  it('shows the help of a group without a command, as an error', async () => {
    const { code, out, err } = await runThv(['dev']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^Usage: thv dev/);
  });

  it('helps with every flag of run', async () => {
    const { code, out } = await runThv(['run', '--help']);
    expect(code).toBe(0);
    for (const flag of ['--oidc-issuer', '--authz-config', '--foreground', '--debug']) {
      expect(out).toContain(flag);
    }
  });
});

describe('thv version', () => {
  it('prints text', async () => {
    const { code, out } = await runThv(['version']);
    expect(code).toBe(0);
    expect(out).toMatch(/^thv \d+\.\d+\.\d+ \(Node\.js \d+\.\d+\.\d+, \w+\/\w+\)\n$/);
  });

  it('prints JSON', async () => {
    const { out } = await runThv(['version', '--format', 'json']);
    expect(Object.keys(JSON.parse(out))).toEqual(['version', 'node', 'platform']);
  });
});

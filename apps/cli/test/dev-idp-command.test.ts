import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type RunningThv, runThv, startThv } from './spawn-thv.ts';

const running: RunningThv[] = [];

afterEach(async () => {
  for (const { child, finished } of running.splice(0)) {
    child.kill('SIGKILL');
    await finished;
  }
});

async function startIdp(args: readonly string[], until: RegExp): Promise<RunningThv> {
  const thv = startThv(['dev', 'idp', ...args]);
  running.push(thv);
  await vi.waitFor(() => expect(thv.said.out).toMatch(until), { timeout: 10_000 });
  return thv;
}

/** What a shell makes of the line, done by curl or, where there is none, by fetch. */
async function runLine(line: string): Promise<string> {
  const run = promisify(execFile);
  if (spawnSync('curl', ['--version']).status === 0) {
    return (await run('sh', ['-c', line])).stdout;
  }
  const { stdout } = await run('sh', ['-c', `printf '%s\\0' ${line}`]);
  const [curl, silent, url = '', ...options] = stdout.split('\0').slice(0, -1);
  expect([curl, silent]).toEqual(['curl', '-s']);
  const given = (flag: string) => options.filter((_, at) => options[at - 1] === flag);
  const response = await fetch(url, {
    method: 'POST',
    headers: given('-H').map((header): [string, string] => {
      const [name = '', value = ''] = header.split(': ');
      return [name, value];
    }),
    body: new URLSearchParams(given('-d').join('&')),
  });
  return response.text();
}

describe('thv dev idp', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints a curl line that works, and ends at %s',
    async (signal) => {
      const { child, said, finished } = await startIdp([], /SERVER\n$/);
      const issuer = /^ISSUER +(\S+)$/m.exec(said.out)![1]!;
      const jwks = /^JWKS +(\S+)$/m.exec(said.out)![1]!;
      const line = /^ {2}(curl [\s\S]*?)\n\n/m.exec(said.out)![1]!;
      const token = await runLine(line);
      const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwks)), {
        issuer,
        audience: 'my-server',
      });
      expect(payload).toMatchObject({ sub: 'alice', roles: ['premium'] });
      child.kill(signal);
      const { code, err } = await finished;
      expect(code).toBe(0);
      // One warning of our own, and none of the library's.
      expect(err).toMatch(/^thv: warning: [^\n]+\n$/);
    },
  );

  it('prints JSON, and signs with ES256 on request', async () => {
    const { said } = await startIdp(['--format', 'json', '--alg', 'ES256', '--quiet'], /\}\n$/);
    const printed = JSON.parse(said.out);
    const response = await fetch(printed.dev_token_url, {
      method: 'POST',
      headers: { accept: 'text/plain' },
      body: new URLSearchParams({ aud: 'x' }),
    });
    const keys = createRemoteJWKSet(new URL(printed.jwks_url));
    await jwtVerify(await response.text(), keys, { algorithms: ['ES256'], issuer: printed.issuer });
  });

  it('says in one line that a port is taken', async () => {
    const { said } = await startIdp(['--format', 'json'], /\}\n$/);
    const { port } = new URL(JSON.parse(said.out).issuer);
    expect(await runThv(['dev', 'idp', '--port', port])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^thv: dev idp: the port is in use; choose another --port, [^\n]+\n$/,
      ),
    });
  });

  it.each([
    ['--host', '0.0.0.0'],
    ['--alg', 'HS256'],
  ])('refuses %s %s', async (...args) => {
    expect(await runThv(['dev', 'idp', ...args])).toMatchObject({ code: 2, out: '' });
  });
});

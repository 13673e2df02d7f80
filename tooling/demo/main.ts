/**
 * The main job, with real parts only: an OpenID provider, an MCP server from npm, and `thv run`
 * between them. Checks everything that it shows. `--keep` leaves it running to try by hand.
 */

import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startThv, stopAll } from './processes.ts';
import { LISTS, type Person, SCENES, type Scene } from './scenes.ts';

const AUDIENCE = 'demo-server';
const POLICIES = fileURLToPath(new URL('../../examples/demo/authz.json', import.meta.url));
const KEEP = process.argv.includes('--keep');
const problems: string[] = [];

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

async function getToken(person: Person, audience: string, tokenUrl: string): Promise<string> {
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sub: person.sub, aud: audience, claims: person.claims }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

async function play(scene: Scene, url: string, tokenUrl: string): Promise<void> {
  const headers = new Headers({
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  });
  if (scene.person !== undefined) {
    const token = await getToken(scene.person, scene.audience ?? AUDIENCE, tokenUrl);
    headers.set('authorization', `Bearer ${token}`);
  }
  const params = { name: scene.tool, arguments: scene.args };
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  const body = await response.text();
  const shown = response.status === 401 ? (response.headers.get('www-authenticate') ?? '') : body;
  const ok = response.status === scene.status && shown.includes(scene.holds);
  const call = `${scene.tool} ${JSON.stringify(scene.args)}`;
  if (!ok)
    problems.push(
      `${scene.who}: ${call}: expected ${scene.status} with ${scene.holds}, got ${response.status} ${shown}`,
    );
  print(
    `  ${scene.who.padEnd(31)} ${call.padEnd(51)} ${response.status}  ${ok ? '' : 'UNEXPECTED '}`,
  );
  print(`  ${''.padEnd(31)} ${shorten(shown)}`);
}

async function showList(
  { person, tools }: (typeof LISTS)[number],
  url: string,
  tokenUrl: string,
): Promise<void> {
  const token = await getToken(person, AUDIENCE, tokenUrl);
  const client = new Client({ name: 'demo', version: '1.0.0' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  const seen = (await client.listTools()).tools.map((tool) => tool.name).sort();
  await client.close();
  const ok = tools === 'all' ? seen.length > 10 : JSON.stringify(seen) === JSON.stringify(tools);
  if (!ok) problems.push(`${person.name} sees ${seen.join(', ')}`);
  print(
    `  ${person.name.padEnd(31)} ${tools === 'all' ? `all ${seen.length} tools` : seen.join(', ')}`,
  );
}

function shorten(text: string): string {
  return text.length <= 150 ? text : `${text.slice(0, 149)}…`;
}

async function main(): Promise<void> {
  const idp = await startThv(['dev', 'idp', '--format', 'json']);
  const issuer = idp['issuer'] ?? '';
  const tokenUrl = idp['dev_token_url'] ?? '';
  const server = await startThv([
    'run',
    '-f',
    '--name',
    'demo',
    '--format',
    'json',
    '--oidc-issuer',
    issuer,
    '--oidc-audience',
    AUDIENCE,
    '--authz-config',
    POLICIES,
    'npx://@modelcontextprotocol/server-everything',
    '--',
    'stdio',
  ]);
  const url = server['url'] ?? '';
  print(
    `\nIdentity provider  ${issuer}\nMCP server         ${url}\nPolicies           examples/demo/authz.json\n`,
  );
  print(`  ${'WHO'.padEnd(31)} ${'CALLS'.padEnd(51)} ANSWER`);
  for (const scene of SCENES) await play(scene, url, tokenUrl);
  print(`\n  ${'WHO'.padEnd(31)} SEES IN tools/list`);
  for (const list of LISTS) await showList(list, url, tokenUrl);
  if (!KEEP) return;
  print(`\nTry it (Ctrl-C ends it):\n
  TOKEN=$(curl -s ${tokenUrl} -H 'Accept: text/plain' -d sub=bob -d aud=${AUDIENCE})
  curl -s ${url} -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -H 'Accept: application/json, text/event-stream' \\
    -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}'
`);
  await new Promise((resolve) => process.once('SIGINT', resolve));
}

try {
  await main();
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
} finally {
  await stopAll();
}
for (const problem of problems) process.stderr.write(`demo: ${problem}\n`);
print(problems.length === 0 ? '\nEverything is as the policy file says.' : '\nThe demo failed.');
process.exitCode = problems.length === 0 ? 0 : 1;

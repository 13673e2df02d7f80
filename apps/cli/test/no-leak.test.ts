/** D4: nothing that thv writes repeats a token, a secret, a claim or an argument, even with --debug. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { DEV_CLIENT, type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { type RunningThv, startThv } from './spawn-thv.ts';
import { type StubProvider, startStubProvider } from './stub-provider.ts';

const GUIDE = fileURLToPath(new URL('../../../test/fixtures/guide-server.ts', import.meta.url));

/** Everything that must stay inside; each is found wherever it turns up, also inside other texts. */
const MARKS = {
  subject: 'mark-subject-7f3a',
  email: 'mark-email-91bc@example.com',
  role: 'mark-role-55d0',
  nested: 'mark-nested-c2e1',
  audience: 'mark-audience-1d7e',
  client: 'mark-client-90aa',
  argument: 'mark-argument-08fe',
  garbage: 'mark-garbage-e4b6',
  secret: 'mark-secret-aa17',
} as const;

/** Policies whose evaluation fails on the values of claims and arguments. */
const POLICIES = [
  'permit(principal, action, resource) unless { resource == Tool::"admin_tool" };',
  '@id("bad-permit") permit(principal, action, resource) when { context.claim_roles > 3 };',
  '@id("bad-forbid") forbid(principal, action, resource == Tool::"echo") when { context.claim_email > 3 || context.arg_text > 1 };',
  '@id("bad-principal") forbid(principal, action, resource == Tool::"echo") when { principal.nothing == 1 };',
];

let idp: DevIdp;
let endpoint: StubProvider;
let folder: string;
let thv: RunningThv;
let url: string;
const answers: string[] = [];
const tokens: string[] = [];

beforeAll(async () => {
  idp = await startDevIdp();
  // Refuses the secret first, then answers with claims.
  let asked = 0;
  endpoint = await startStubProvider({
    answer: () => {
      asked += 1;
      return asked === 1
        ? 401
        : { active: true, aud: 'mcp', sub: MARKS.subject, email: MARKS.email };
    },
  });
  folder = await mkdtemp(join(tmpdir(), 'thv-leak-'));
  const [policies, secret] = [join(folder, 'authz.json'), join(folder, 'secret')];
  await writeFile(
    policies,
    JSON.stringify({
      version: '1.0',
      type: 'cedarv1',
      cedar: { policies: POLICIES, entities_json: '[]' },
    }),
  );
  await writeFile(secret, MARKS.secret);
  thv = startThv([
    ...['run', '-f', '--debug', '--name', 'guide', '--authz-config', policies],
    ...['--oidc-issuer', idp.issuer, '--oidc-audience', 'mcp'],
    ...['--oidc-introspection-url', `http://127.0.0.1:${endpoint.port}/introspect`],
    ...['--oidc-client-id', 'thv', '--oidc-client-secret-file', secret],
    ...['--', process.execPath, GUIDE, 'stdio'],
  ]);
  await vi.waitFor(() => expect(thv.said.out, thv.said.err).toContain('mcpServers'), {
    timeout: 15_000,
  });
  url = /^URL +(\S+)$/m.exec(thv.said.out)?.[1] ?? '';
}, 30_000);

afterAll(async () => {
  thv.child.kill('SIGKILL');
  await thv.finished;
  await Promise.all([idp.close(), endpoint.close(), rm(folder, { recursive: true })]);
});

async function token(more: Parameters<DevIdp['issueToken']>[0] = {}): Promise<string> {
  const claims = {
    email: MARKS.email,
    roles: [MARKS.role],
    profile: { deep: [{ note: MARKS.nested }] },
    client_id: MARKS.client,
    ...more.claims,
  };
  const made = await idp.issueToken({ sub: MARKS.subject, aud: 'mcp', ...more, claims });
  tokens.push(made);
  return made;
}

interface Call {
  readonly method?: string;
  readonly params?: unknown;
  readonly body?: string;
  readonly authorization?: string | undefined;
  readonly at?: string;
}

/** Sends a message, remembers all of the answer, returns its status. */
async function send({ method, params, body, authorization, at = url }: Call): Promise<number> {
  const response = await fetch(at, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(authorization !== undefined && { authorization }),
    },
    body: body ?? JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  answers.push(`${[...response.headers].flat().join('\n')}\n${await response.text()}`);
  return response.status;
}

const isLong = (text: string) => text.length > 8;

const call = (name: string, args: unknown) => ({
  method: 'tools/call',
  params: { name, arguments: args },
});

it('keeps secrets, claims and arguments to itself', async () => {
  const good = `Bearer ${await token()}`;
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = `${part({ alg: 'RS256' })}.${part({ iss: idp.issuer, sub: MARKS.garbage })}.AAAA`;
  tokens.push(forged);
  const text = { text: MARKS.argument };
  const sum = { operation: 'add', a: 1, b: 2, [MARKS.garbage]: MARKS.argument };
  const whole: readonly (readonly [number, Call])[] = [
    [200, { ...call('weather', { city: 'Oslo' }), authorization: good }],
    [200, { ...call('calculator', sum), authorization: good }],
    // A forbid that cannot be evaluated denies; Cedar's reason names the principal and the values.
    [403, { ...call('echo', text), authorization: good }],
    [403, { ...call('admin_tool', text), authorization: good }],
    [200, { method: 'tools/list', authorization: good }],
    [403, { method: `x/${'unknown'}`, params: text, authorization: good }],
    [401, call('weather', text)],
    [401, { ...call('weather', text), at: `${url}?access_token=${MARKS.garbage}` }],
    [401, { ...call('weather', text), authorization: `Bearer ${forged}` }],
    [400, { ...call('weather', text), authorization: `Bearer ${MARKS.garbage} ${MARKS.garbage}` }],
    [401, { ...call('weather', text), authorization: `Basic ${btoa(MARKS.garbage)}` }],
    [401, { ...call('weather', text), authorization: `Bearer ${await token({ expiresIn: -99 })}` }],
    [
      401,
      { ...call('weather', text), authorization: `Bearer ${await token({ aud: MARKS.audience })}` },
    ],
    [
      401,
      {
        ...call('weather', text),
        authorization: `Bearer ${await token({ claims: { iss: `https://${MARKS.garbage}` } })}`,
      },
    ],
    [
      401,
      {
        ...call('weather', text),
        authorization: `Bearer ${(await token()).slice(0, -9)}AAAAAAAAA`,
      },
    ],
    // The provider refuses the secret, and then it does not.
    [503, { ...call('weather', text), authorization: `Bearer opaque-${MARKS.garbage}` }],
    [200, { ...call('weather', { city: 'Rome' }), authorization: `Bearer opaque-${MARKS.client}` }],
    [400, { body: `{"id": 1, "method": "${MARKS.argument}`, authorization: good }],
    [400, { body: `{"id": 1, "id": "${MARKS.argument}"}`, authorization: good }],
    [400, { body: `[{"method": "${MARKS.argument}"}]`, authorization: good }],
  ];
  const statuses = [];
  for (const [, message] of whole) statuses.push(await send(message));
  expect(statuses).toEqual(whole.map(([status]) => status));

  thv.child.kill('SIGTERM');
  const { code, out, err } = await thv.finished;
  expect(code).toBe(0);
  // The log did see the requests, and says by id which policy could not be evaluated.
  expect(err).toContain('bad-forbid');
  expect(err).toContain('ERR_OIDC_TOKEN_EXPIRED');

  const everything = [out, err, ...answers].join('\n');
  const secrets = { ...MARKS, devSecret: DEV_CLIENT.secret };
  for (const [what, mark] of Object.entries(secrets)) {
    for (const form of [mark, btoa(mark), encodeURIComponent(mark)]) {
      expect(everything.includes(form), `${what} as ${form}`).toBe(false);
    }
  }
  for (const part of tokens.flatMap((one) => [one, ...one.split('.').slice(1)]).filter(isLong)) {
    expect(everything).not.toContain(part);
  }
});

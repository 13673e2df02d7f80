/** A standard MCP client finds the provider by itself, registers, signs in and calls a tool. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  Client,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type DevIdp, startDevIdp } from '../src/dev-idp/index.ts';
import { signInAs } from './browser.ts';
import { type RunningThv, startThv } from './spawn-thv.ts';

const GUIDE = fileURLToPath(new URL('../../../test/fixtures/guide-server.ts', import.meta.url));
let idp: DevIdp;
let thv: RunningThv;
let url: string;

beforeAll(async () => {
  idp = await startDevIdp();
  url = `http://127.0.0.1:${await findFreePort()}/mcp`;
  const at = ['--proxy-port', new URL(url).port, '--name', 'guide'];
  const sign = ['--oidc-issuer', idp.issuer, '--resource-url', url];
  thv = startThv(['run', '-f', ...at, ...sign, '--', process.execPath, GUIDE, 'stdio']);
  await vi.waitFor(() => expect(thv.said.out, thv.said.err).toContain('mcpServers'), {
    timeout: 15_000,
  });
}, 30_000);

afterAll(async () => {
  thv.child.kill('SIGKILL');
  await thv.finished;
  await idp.close();
});

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // Safe: a server that listens on a port has an address object.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

type Saved = {
  client?: Awaited<ReturnType<OAuthClientProvider['clientInformation']>>;
  tokens?: Awaited<ReturnType<OAuthClientProvider['tokens']>>;
  verifier?: string;
  authorizationUrl?: URL;
  discovery?: Parameters<NonNullable<OAuthClientProvider['saveDiscoveryState']>>[0];
};

function createOAuthProvider(saved: Saved): OAuthClientProvider {
  return {
    redirectUrl: 'http://127.0.0.1:6274/oauth/callback',
    clientMetadata: {
      client_name: 'a test',
      redirect_uris: ['http://127.0.0.1:6274/oauth/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => saved.client,
    saveClientInformation: (client) => {
      saved.client = client;
    },
    tokens: () => saved.tokens,
    saveTokens: (tokens) => {
      saved.tokens = tokens;
    },
    redirectToAuthorization: (authorizationUrl) => {
      saved.authorizationUrl = authorizationUrl;
    },
    saveCodeVerifier: (verifier) => {
      saved.verifier = verifier;
    },
    saveDiscoveryState: (discovery) => {
      saved.discovery = discovery;
    },
    discoveryState: () => saved.discovery,
    codeVerifier: () => saved.verifier ?? '',
  };
}

it('signs in and calls a tool', async () => {
  const saved: Saved = {};
  const connect = () =>
    new StreamableHTTPClientTransport(new URL(url), { authProvider: createOAuthProvider(saved) });
  const first = connect();
  await expect(new Client({ name: 'a-test', version: '1' }).connect(first)).rejects.toBeInstanceOf(
    UnauthorizedError,
  );
  const back = await signInAs('frank', saved.authorizationUrl ?? '');
  await first.finishAuth(back.searchParams);

  const client = new Client({ name: 'a-test', version: '1' });
  await client.connect(connect());
  try {
    const result = await client.callTool({ name: 'weather', arguments: { city: 'Oslo' } });
    expect(result).toMatchObject({ content: [{ text: 'The weather in Oslo is sunny.' }] });
    const seen = await client.callTool({ name: 'whoami' });
    expect(JSON.stringify(seen)).not.toContain(saved.tokens?.access_token);
  } finally {
    await client.close();
  }
});

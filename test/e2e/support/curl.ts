/** The guide calls the server with curl, so its tests do, too, where there is one. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What does the calling; named by the tests. */
export const TOOL: 'curl' | 'fetch' =
  spawnSync('curl', ['--version']).status === 0 ? 'curl' : 'fetch';

export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: string;
}

export interface CurlRequest {
  readonly url: string;
  readonly token?: string | undefined;
  /** Sent with POST; without it the request is a GET. */
  readonly json?: object | undefined;
}

/** `curl -H "Authorization: Bearer …" URL`. */
export function curl(request: CurlRequest): Promise<HttpAnswer> {
  return TOOL === 'curl' ? bySpawn(request) : byFetch(request);
}

function headersOf({ token, json }: CurlRequest): Record<string, string> {
  return {
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...(json !== undefined && {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
    }),
  };
}

async function bySpawn(request: CurlRequest): Promise<HttpAnswer> {
  const args = ['--silent', '--show-error', '--include', '--noproxy', '*', '--max-time', '30'];
  for (const [name, value] of Object.entries(headersOf(request))) {
    args.push('-H', `${name}: ${value}`);
  }
  if (request.json !== undefined) {
    args.push('-d', JSON.stringify(request.json));
  }
  const { stdout } = await run('curl', [...args, request.url]);
  const end = stdout.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = stdout.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  return {
    status: Number(statusLine.split(' ')[1]),
    header: (name) => headers.get(name.toLowerCase()),
    body: stdout.slice(end + 4),
  };
}

async function byFetch(request: CurlRequest): Promise<HttpAnswer> {
  const response = await fetch(request.url, {
    headers: headersOf(request),
    ...(request.json !== undefined && { method: 'POST', body: JSON.stringify(request.json) }),
  });
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: await response.text(),
  };
}

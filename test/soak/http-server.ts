/** A streamable HTTP server on the port it is given, which loses its sessions whenever it is killed. */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { answer, type Incoming } from './mcp.ts';

const sessions = new Set<string>();

createServer(
  (request, response) => void serve(request, response).catch(() => response.destroy()),
).listen(Number(process.env['PORT']), '127.0.0.1', () => process.stdout.write('listening\n'));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const session = request.headers['mcp-session-id'];
  const message = request.method === 'POST' ? (JSON.parse(await text(request)) as Incoming) : {};
  if (message.method !== 'initialize' && !sessions.has(String(session))) {
    response.writeHead(404).end();
  } else if (request.method === 'GET') stream(response, String(session));
  else if (request.method === 'DELETE') {
    sessions.delete(String(session));
    response.writeHead(204).end();
  } else if (message.id === undefined) response.writeHead(202).end();
  else await reply(message, response);
}

async function reply(message: Incoming, response: ServerResponse): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: await answer(message) });
  const headers: Record<string, string> = {};
  if (message.method === 'initialize') {
    headers['mcp-session-id'] = randomUUID();
    sessions.add(headers['mcp-session-id']);
  }
  const isStream = Math.random() < 0.3;
  headers['content-type'] = isStream ? 'text/event-stream' : 'application/json';
  response.writeHead(200, headers).end(isStream ? `event: message\ndata: ${body}\n\n` : body);
}

/** Every stream is told now and then whose it is. */
function stream(response: ServerResponse, session: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': open\n\n');
  const data = JSON.stringify({
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level: 'info', data: session },
  });
  const timer = setInterval(() => response.write(`data: ${data}\n\n`), 3000 + Math.random() * 4000);
  response.on('close', () => clearInterval(timer));
}

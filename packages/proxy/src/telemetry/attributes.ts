/** Attributes of spans, by the semantic conventions for MCP and HTTP; never an argument or a claim. */

import type { Attributes } from '@opentelemetry/api';
import { redact } from '../audit/redact.ts';
import { SUPPORTED_VERSIONS } from '../mcp/era.ts';
import type { McpMessage } from '../mcp/message.ts';
import type { ObservedRequest } from '../observer.ts';
import { type ExchangeReport, shorten } from '../report.ts';
import { httpMethodLabel, methodLabel } from './labels.ts';

/** Callers choose names; what is longer is cut. */
const MAX_NAME = 128;
const MAX_URI = 1024;

/** `tools/call weather`; `HTTP` for what has no message, until it is known what it was. */
export function spanName({ message }: ObservedRequest): string {
  if (message === undefined) return 'HTTP';
  if (message.method === undefined) return 'response';
  const method = methodLabel(message.method);
  const target = message.params?.['name'];
  const isNamed = message.method === 'tools/call' || message.method === 'prompts/get';
  return isNamed && typeof target === 'string' ? `${method} ${named(target)}` : method;
}

/** What is known of a message before it is answered. */
export function messageAttributes({ message, headers }: ObservedRequest): Attributes {
  if (message?.method === undefined) return {};
  const version = headers.get('mcp-protocol-version');
  return {
    'mcp.method.name': methodLabel(message.method),
    ...(version !== null &&
      SUPPORTED_VERSIONS.includes(version) && { 'mcp.protocol.version': version }),
    ...(message.id !== undefined && { 'jsonrpc.request.id': idOf(message.id.text) }),
    ...targetAttributes(message),
  };
}

function targetAttributes({ method, params }: McpMessage): Attributes {
  const name = params?.['name'];
  const uri = params?.['uri'];
  if (method === 'tools/call' && typeof name === 'string') {
    return { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': named(name) };
  }
  if (method === 'prompts/get' && typeof name === 'string') {
    return { 'gen_ai.prompt.name': named(name) };
  }
  return typeof uri === 'string' ? { 'mcp.resource.uri': redact(shorten(uri, MAX_URI)) } : {};
}

/** What is known once the answer begins. */
export function reportAttributes(report: ExchangeReport, session: string | undefined): Attributes {
  return {
    'http.request.method': httpMethodLabel(report.httpMethod),
    'http.response.status_code': report.status,
    'network.protocol.name': 'http',
    'network.transport': 'tcp',
    'thv.outcome': report.outcome,
    ...(session !== undefined && { 'mcp.session.id': session }),
    ...(report.source !== undefined && { 'client.address': report.source }),
    ...(report.decision !== undefined && { 'thv.decision.id': report.decision }),
    ...(report.policies.length > 0 && { 'thv.decision.policies': [...report.policies] }),
  };
}

/** The text of an id: strings without their quotes. */
function idOf(text: string): string {
  return named(text.startsWith('"') ? String(JSON.parse(text)) : text);
}

/** What a caller calls something, cut and without what it should not hold. */
function named(text: string): string {
  return redact(shorten(text, MAX_NAME));
}
